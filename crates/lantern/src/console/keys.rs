//! What is typed at a console: most of it is for the system, and what follows the escape character at
//! the beginning of a line is for this program, as with ssh, cu and ipmitool.

/// What a key, or a few of them, come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// For the system.
    Characters(Vec<u8>),
    /// End.
    Quit,
    /// A break for the system.
    Break,
    /// Stop this program, and go on when the shell says so; `raw` says whether the terminal is then
    /// made raw again.
    Suspend { raw: bool },
    /// What escapes there are.
    Help,
}

/// Reads what is typed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys {
    /// `None` where everything is for the system.
    escape: Option<u8>,
    /// At the beginning of a line.
    is_fresh: bool,
    /// The escape character was the last one.
    is_pending: bool,
}

impl Keys {
    pub(crate) const fn new(escape: Option<u8>) -> Self {
        Self { escape, is_fresh: true, is_pending: false }
    }

    /// What these come to.
    pub(crate) fn type_in(&mut self, keys: &[u8]) -> Vec<Typed> {
        let (mut all, mut characters) = (Vec::new(), Vec::new());
        for key in keys {
            let Some(escape) = self.escape else {
                characters.push(*key);
                continue;
            };
            if std::mem::take(&mut self.is_pending) {
                let action = match key {
                    b'.' => Some(Typed::Quit),
                    b'B' => Some(Typed::Break),
                    b'?' => Some(Typed::Help),
                    0x1a => Some(Typed::Suspend { raw: true }),
                    0x18 => Some(Typed::Suspend { raw: false }),
                    _ => None,
                };
                if let Some(action) = action {
                    if !characters.is_empty() {
                        all.push(Typed::Characters(std::mem::take(&mut characters)));
                    }
                    all.push(action);
                    continue;
                }
                if *key != escape {
                    characters.push(escape);
                }
            } else if self.is_fresh && *key == escape {
                self.is_pending = true;
                continue;
            }
            characters.push(*key);
            self.is_fresh = matches!(key, b'\r' | b'\n');
        }
        if !characters.is_empty() {
            all.push(Typed::Characters(characters));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pieces: &[&str]) -> Vec<Typed> {
        let mut keys = Keys::new(Some(b'~'));
        pieces.iter().flat_map(|piece| keys.type_in(piece.as_bytes())).collect()
    }

    fn characters(text: &str) -> Typed {
        Typed::Characters(text.as_bytes().to_vec())
    }

    #[test]
    fn escapes_are_at_the_beginning_of_a_line_only() {
        assert_eq!(typed(&["~."]), [Typed::Quit]);
        assert_eq!(typed(&["a~."]), [characters("a~.")]);
        assert_eq!(typed(&["a\r~."]), [characters("a\r"), Typed::Quit]);
        assert_eq!(typed(&["a\r", "~", "."]), [characters("a\r"), Typed::Quit]);
        assert_eq!(typed(&["~B~?"]), [Typed::Break, Typed::Help]);
        assert_eq!(
            typed(&["~\x1a~\x18"]),
            [Typed::Suspend { raw: true }, Typed::Suspend { raw: false }]
        );
    }

    #[test]
    fn the_escape_character_itself_is_typed_twice() {
        assert_eq!(typed(&["~~x"]), [characters("~x")]);
        assert_eq!(typed(&["~x"]), [characters("~x")]);
        assert_eq!(typed(&["~~", "."]), [characters("~"), characters(".")]);
    }

    #[test]
    fn without_an_escape_character_all_is_for_the_system() {
        let mut keys = Keys::new(None);
        assert_eq!(keys.type_in(b"~.\r~B"), [characters("~.\r~B")]);
    }
}
