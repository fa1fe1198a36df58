// A contestant of scripts/bench: github/token of static bytes on the node interface of go-fuse, with the mount flags and
// timeouts of credfs.
//
//	go-fuse MOUNTPOINT BYTES     serves a token of so many bytes until SIGTERM
package main

import (
	"bytes"
	"context"
	"log"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/fs"
	"github.com/hanwen/go-fuse/fuse"
)

type token struct {
	fs.Inode
	content []byte
}

func (t *token) Getattr(ctx context.Context, f fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Mode = 0444
	out.Size = uint64(len(t.content))
	return 0
}

func (t *token) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_DIRECT_IO, 0
}

func (t *token) Read(ctx context.Context, f fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	from := off
	if from > int64(len(t.content)) {
		from = int64(len(t.content))
	}
	to := from + int64(len(dest))
	if to > int64(len(t.content)) {
		to = int64(len(t.content))
	}
	return fuse.ReadResultData(t.content[from:to]), 0
}

type root struct {
	fs.Inode
	content []byte
}

func (r *root) OnAdd(ctx context.Context) {
	directory := r.NewPersistentInode(ctx, &fs.Inode{}, fs.StableAttr{Mode: syscall.S_IFDIR})
	r.AddChild("github", directory, false)
	directory.AddChild("token", r.NewPersistentInode(ctx, &token{content: r.content}, fs.StableAttr{}), false)
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: go-fuse MOUNTPOINT BYTES")
	}
	length, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	second := time.Second
	options := &fs.Options{EntryTimeout: &second, AttrTimeout: &second}
	options.MountOptions.FsName = "go-fuse"
	options.MountOptions.Options = []string{"ro", "nosuid", "nodev", "noexec", "default_permissions"}
	server, err := fs.Mount(os.Args[1], &root{content: bytes.Repeat([]byte("x"), length)}, options)
	if err != nil {
		log.Fatal(err)
	}
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	go func() {
		<-terminated
		if err := server.Unmount(); err != nil {
			log.Fatal(err)
		}
	}()
	server.Wait()
}
