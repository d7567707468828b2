//! The file of a console server: which consoles it keeps, and where.
//!
//! How their BMCs are reached and logged in to is `lantern.toml`'s business, as it is for every
//! command: there is no secret in this file, and no room for one.

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::file::Reader;
use crate::mistake::Mistake;
use crate::origin::{Layer, Value};

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConsoleFile {
    /// Where who wants a console connects.
    pub socket: Option<Value<PathBuf>>,
    /// Where logs are.
    pub log_dir: Option<Value<PathBuf>>,
    /// Bytes that a log has before it is moved aside.
    pub log_size: Option<Value<u32>>,
    /// Of those how many are kept.
    pub log_files: Option<Value<u32>>,
    /// In the order of the file.
    pub consoles: Vec<ConsoleEntry>,
}

/// `[[console]]`: one console, or one of each of many BMCs.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsoleEntry {
    /// The BMCs, as on the command line: `n1`, `n[001-500]`, `@rack1`.
    pub hosts: Value<String>,
    /// What the console is called, if not as its BMC. Of one BMC only.
    pub name: Option<Value<String>>,
    /// Which console of the BMC.
    pub instance: Option<Value<u8>>,
    /// Whoever has it loses it.
    pub steal: bool,
    /// Its packets are encrypted.
    pub encrypt: bool,
}

const KEYS: [&str; 5] = ["socket", "log_dir", "log_size", "log_files", "console"];
const ENTRY: [&str; 5] = ["hosts", "name", "instance", "steal", "encrypt"];

/// Names that mean something else where a console's is due.
const WORDS: [&str; 4] = ["run", "list", "log", "help"];
/// Less would be moved aside with every few lines.
const SIZE_MIN: u32 = 4096;

impl ConsoleFile {
    /// Reads `text`; everything that is wrong with it is told.
    #[must_use]
    pub fn parse(text: &str, path: &Path) -> (Self, Vec<Mistake>) {
        let (document, errors) = DeTable::parse_recoverable(text);
        let mut reader = Reader::new(text, path, Layer::Named);
        for error in errors {
            reader.mistake(error.span().unwrap_or(0..0), error.message());
        }
        let mut file = Self::default();
        for (key, value) in reader.in_order(document.get_ref()) {
            match key.get_ref().as_ref() {
                "socket" => file.socket = directory(&mut reader, value),
                "log_dir" => file.log_dir = directory(&mut reader, value),
                "log_size" => file.log_size = reader.number(value, SIZE_MIN, u32::MAX),
                "log_files" => file.log_files = reader.number(value, 0, 1000),
                "console" => file.read_consoles(&mut reader, value),
                _ => reader.unknown_key(key, "a key of this file", &KEYS),
            }
        }
        if file.log_dir.is_none() && reader.mistakes.is_empty() {
            let what = "log_dir is missing: where are the consoles' logs to be?";
            reader.mistakes.push(Mistake::of_file(&reader.file, what));
        }
        if file.consoles.is_empty() && reader.mistakes.is_empty() {
            let what = "there is no [[console]] in it: nothing would be kept";
            reader.mistakes.push(Mistake::of_file(&reader.file, what));
        }
        (file, reader.mistakes)
    }

    fn read_consoles(&mut self, reader: &mut Reader<'_>, value: &Spanned<DeValue<'_>>) {
        let Some(array) = value.get_ref().as_array() else {
            return reader
                .mistake(value.span(), "each console is a section of its own: [[console]]");
        };
        for item in array.iter() {
            if let Some(table) = reader.table(item) {
                let entry = ConsoleEntry::read(reader, item, table);
                self.consoles.extend(entry);
            }
        }
    }
}

impl ConsoleEntry {
    fn read(
        reader: &mut Reader<'_>,
        whole: &Spanned<DeValue<'_>>,
        table: &DeTable<'_>,
    ) -> Option<Self> {
        let (mut hosts, mut name, mut instance) = (None, None, None);
        let (mut steal, mut encrypt) = (None, None);
        let before = reader.mistakes.len();
        for (key, value) in reader.in_order(table) {
            match key.get_ref().as_ref() {
                "hosts" => hosts = reader.word(value, some_hosts),
                "name" => name = reader.word(value, console_name),
                "instance" => instance = reader.number(value, 1, 15),
                "steal" => steal = reader.boolean(value),
                "encrypt" => encrypt = reader.boolean(value),
                _ => reader.unknown_key(key, "a key of [[console]]", &ENTRY),
            }
        }
        if hosts.is_none() && reader.mistakes.len() == before {
            let what = "hosts is missing: whose console is it? \"n1\", \"n[001-500]\", \"@rack1\"";
            reader.mistake(whole.span(), what);
        }
        let instance = instance.and_then(|Value { value, origin }| {
            u8::try_from(value).ok().map(|value| Value { value, origin })
        });
        Some(Self {
            hosts: hosts?,
            name,
            instance,
            steal: steal.is_some_and(|steal| steal.value),
            encrypt: encrypt.is_none_or(|encrypt| encrypt.value),
        })
    }
}

fn directory(reader: &mut Reader<'_>, value: &Spanned<DeValue<'_>>) -> Option<Value<PathBuf>> {
    let path = reader.word(value, |text| match Path::new(text).is_absolute() {
        true => Ok(text.to_owned()),
        false => Err("a path from the root is due here: it must not depend on where the server \
                      was started"
            .to_owned()),
    })?;
    Some(Value { value: path.value.into(), origin: path.origin })
}

fn some_hosts(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("BMCs as after -H: \"n1\", \"n[001-500]\", \"@rack1\"".to_owned()),
        // A service has none that would say anything.
        "-" => Err("standard input has nothing to say here".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// What a console may be called: it is a file's name, and typed after `lantern console`.
///
/// # Errors
/// What is wrong with it.
pub fn console_name(name: &str) -> Result<String, String> {
    let fine = |c: char| !c.is_control() && !c.is_whitespace() && c != '/';
    if WORDS.contains(&name) {
        return Err(format!("'lantern console {name}' is something else"));
    }
    match !name.is_empty() && !name.starts_with(['.', '-']) && name.chars().all(fine) {
        true if name.len() <= 200 => Ok(name.to_owned()),
        _ => Err("a console's name is a file's name, too: without '/' and spaces, and not with \
                  '.' or '-' in front"
            .to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<String> {
        let (_, mistakes) = ConsoleFile::parse(text, Path::new("c.toml"));
        mistakes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let text = "socket = '/run/c/s'\nlog_dir = '/var/log/c'\nlog_size = 100_000\nlog_files = 2\n\
                    [[console]]\nhosts = '@rack1'\n[[console]]\nhosts = 'n7'\nname = 'db'\n\
                    instance = 2\nsteal = true\nencrypt = false\n";
        let (file, mistakes) = ConsoleFile::parse(text, Path::new("c.toml"));
        assert_eq!(mistakes, []);
        assert_eq!(file.socket.unwrap().value, Path::new("/run/c/s"));
        assert_eq!(file.log_dir.unwrap().value, Path::new("/var/log/c"));
        assert_eq!((file.log_size.unwrap().value, file.log_files.unwrap().value), (100_000, 2));
        let [rack, db] = file.consoles.as_slice() else { panic!("{:?}", file.consoles) };
        assert_eq!((rack.hosts.value.as_str(), rack.steal, rack.encrypt), ("@rack1", false, true));
        assert_eq!((db.steal, db.encrypt, db.instance.as_ref().unwrap().value), (true, false, 2));
        assert_eq!(db.name.as_ref().unwrap().value, "db");
    }

    #[test]
    fn each_mistake_has_its_place() {
        for (text, says) in [
            ("", "c.toml: log_dir is missing"),
            ("log_dir = '/l'", "c.toml: there is no [[console]]"),
            ("sokket = '/x'", "c.toml:1:1: 'sokket' is not a key of this file; is 'socket' meant?"),
            ("socket = 'x'", "c.toml:1:10: a path from the root"),
            ("log_size = 1", "c.toml:1:12: a whole number from 4096"),
            ("console = 1", "c.toml:1:11: each console is a section"),
            ("[[console]]\nname = 'a'", "c.toml:1:1: hosts is missing"),
            ("[[console]]\nhosts = ''", "c.toml:2:9: BMCs as after -H"),
            ("[[console]]\nhosts = 'a'\nname = 'a/b'", "c.toml:3:8: a console's name"),
            ("[[console]]\nhosts = 'a'\nname = 'list'", "c.toml:3:8: 'lantern console list' is"),
            ("[[console]]\nhosts = 'a'\ninstance = 16", "c.toml:3:12: a whole number from 1 to 15"),
            ("[[console]]\nhosts = 'a'\npassword = 'x'", "c.toml:3:1: 'password' does not go here"),
            ("[[console]]\nhosts = \n", "c.toml:2:"),
        ] {
            let found = mistakes(text);
            assert!(found.iter().any(|found| found.starts_with(says)), "{text:?}: {found:?}");
            assert!(!found.iter().any(|found| found.contains("'x'")), "{found:?}");
        }
    }
}
