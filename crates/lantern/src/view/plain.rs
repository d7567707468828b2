//! Text from a BMC, made fit for a terminal. Names and FRU fields may hold any byte: what a
//! terminal would obey instead of showing it is shown as an escape.

use std::borrow::Cow;

/// `text` on one line, without anything that moves the cursor, changes colours, or turns text
/// around.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    filtered(text, |_| false)
}

/// The same for text that has lines of its own.
pub(crate) fn plain_lines(text: &str) -> Cow<'_, str> {
    filtered(text, |character| character == '\n')
}

fn filtered(text: &str, except: impl Fn(char) -> bool) -> Cow<'_, str> {
    let bad = |character: char| is_obeyed(character) && !except(character);
    if !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if bad(character) {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

/// Control characters of both sets, line separators, and marks of writing direction.
fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_obeyed_and_everything_is_seen() {
        assert_eq!(plain("Grüße, °C Ω"), "Grüße, °C Ω");
        assert_eq!(plain("a\u{1b}[2Jb\n\u{9b}1m\u{7f}"), "a\\u{1b}[2Jb\\n\\u{9b}1m\\u{7f}");
        assert_eq!(plain("x\u{202e}y"), "x\\u{202e}y");
        assert_eq!(plain_lines("a\nb\rc\n"), "a\nb\\rc\n");
    }
}
