//! `-O`: a file that says what OEMs' records mean.
//!
//! Each line has fifteen words in quotes, separated by commas: the bytes 3 to 16 of a record, each a number,
//! `XX` for any, `R` for reserved or a name for what is there; and what it means.

use super::entry::Entry;
use crate::ipmitool::tool::Tool;
use crate::ipmitool::word;

#[derive(Default)]
pub(super) struct Translations(Vec<Translation>);

struct Translation {
    /// Bytes 3 to 16.
    bytes: Vec<Byte>,
    text: String,
}

enum Byte {
    Any,
    Is(u32),
    Called(String),
}

/// Bytes in a translation: 3 to 16.
const BYTES: usize = 14;
/// Those of them that have to be the same: 4 to 7, 11 and 12. Byte 3, the type, always has to.
const COMPARED: [usize; 6] = [1, 2, 3, 4, 8, 9];

impl Translations {
    /// Reads a file; one that cannot be understood has no translations.
    pub(super) fn read(path: Option<&str>) -> Self {
        let content = path.and_then(|path| std::fs::read_to_string(word::path(path)).ok());
        let content = content.unwrap_or_default();
        Self(lines(&content).map(parse).collect::<Option<_>>().unwrap_or_default())
    }

    /// What there is to say of an entry, with what separates it from the rest of the line.
    pub(super) fn text(&self, entry: &Entry, csv: bool) -> String {
        // A record's type is its third byte, so this is where it is found.
        let place = |index: usize| entry.bytes.get(index.saturating_add(2)).copied();
        let fits = |translation: &&Translation| {
            let same = |index: usize, byte: &Byte| match byte {
                Byte::Is(value) => place(index).map(u32::from) == Some(*value),
                Byte::Any | Byte::Called(_) => true,
            };
            let kind = translation.bytes.first();
            kind.is_some_and(|byte| matches!(byte, Byte::Is(_)) && same(0, byte))
                && COMPARED
                    .iter()
                    .all(|index| translation.bytes.get(*index).is_some_and(|b| same(*index, b)))
        };
        let mut text = String::new();
        for translation in self.0.iter().filter(fits) {
            text.push_str(&match csv {
                true => format!(",\"{}\"", translation.text),
                false => format!(" | {}", translation.text),
            });
            for (index, byte) in translation.bytes.iter().enumerate().skip(1) {
                let Byte::Called(name) = byte else { continue };
                // The original shows the byte two places before.
                let value = entry.bytes.get(index).copied().unwrap_or(0);
                text.push_str(&match csv {
                    true => format!(",{name}={value:#x}"),
                    false => format!(" {name} = {value:#x}"),
                });
            }
        }
        text
    }
}

fn lines(content: &str) -> impl Iterator<Item = &str> {
    content.lines().filter(|line| !line.is_empty())
}

fn parse(line: &str) -> Option<Translation> {
    let line = line.trim().strip_prefix('"')?.strip_suffix('"')?;
    let words: Vec<&str> = line.split("\",\"").collect();
    let (text, bytes) = words.split_last()?;
    let is_whole = bytes.len() == BYTES && words.iter().all(|word| !word.is_empty());
    is_whole.then(|| Translation {
        bytes: bytes.iter().map(|word| byte(word)).collect(),
        text: (*text).to_owned(),
    })
}

fn byte(word: &str) -> Byte {
    let number = word.strip_prefix("0x").map(|digits| {
        let digits: String = digits.chars().take_while(char::is_ascii_hexdigit).collect();
        u32::from_str_radix(&digits, 16)
    });
    match (word, number) {
        ("XX" | "R", _) => Byte::Any,
        (_, Some(Ok(number))) => Byte::Is(number),
        (name, _) => Byte::Called(name.to_owned()),
    }
}

/// Says, before anything else, how many translations there are: so does the original.
pub(in crate::ipmitool) fn announce(tool: &Tool) {
    let Some(path) = &tool.options.sel_file else { return };
    let Ok(content) = std::fs::read_to_string(word::path(path)) else {
        tool.error(&format!("Could not open {path} file"));
        return;
    };
    tool.print(&format!("nrecs={}\n", lines(&content).count()));
    if let Some(place) = lines(&content).position(|line| parse(line).is_none()) {
        let line = place.saturating_add(1);
        tool.error(&format!("Encountered problems reading line {line} of {path}"));
    }
}
