package dev.credfs.mint;

/** What a path of the tree leads to. */
public sealed interface Node permits Directory, TokenFile, PublicFile, LastRefusals {}
