package dev.credfs.mint;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A template from a configuration: read, or refused at a column of the text. */
final class TemplateFuzzTest {
    @FuzzTest
    void template(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        try {
            Template.parse(text, Map.of("login", "x-access-token"));
        } catch (TemplateSyntaxException e) {
            if (e.column() < 1 || e.column() > text.length() + 1) {
                throw new AssertionError("column " + e.column() + " of " + text.length(), e);
            }
        }
    }
}
