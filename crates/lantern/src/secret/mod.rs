//! Where passwords and K_g come from, and that they go nowhere else.
//!
//! Each is held in memory that wipes itself, is never printed, and is never cut: what is too long
//! is refused.

mod command;
mod line;
mod new;

use std::collections::HashMap;
use std::fmt;
use std::io::{self, IsTerminal};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use ipmi_session::Secret;
use lantern_config::Kept;
use zeroize::Zeroizing;

use crate::cli::Globals;
use crate::error::Error;
use crate::output::Voice;
pub(crate) use new::New;

/// A password from the command line: seen by `ps`, but not by our own logs.
#[derive(Clone)]
pub(crate) struct Visible(Zeroizing<Vec<u8>>);

impl Visible {
    pub(crate) fn parse(text: &str) -> Result<Self, std::convert::Infallible> {
        Ok(Self(Zeroizing::new(text.as_bytes().to_vec())))
    }
}

impl fmt::Debug for Visible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Visible(..)")
    }
}

/// Where a secret is taken from. Two that are equal are the same secret, and fetched once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// It was typed after -P.
    Typed,
    /// There.
    Kept(Kept),
    /// Somebody knows it; this is what tells it from what else is asked for.
    Ask(String),
}

/// For people and for logs.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Typed => f.write_str("command line"),
            Self::Kept(kept) => kept.fmt(f),
            Self::Ask(_) => f.write_str("prompt"),
        }
    }
}

/// The secrets of one run: each is fetched when first needed, once.
pub(crate) struct Purse<'a> {
    globals: &'a Globals,
    voice: Voice<'a>,
    known: HashMap<Source, Zeroizing<Vec<u8>>>,
    /// What could not be fetched, and why: not tried again for each of a thousand hosts.
    failed: HashMap<Source, String>,
}

impl fmt::Debug for Purse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Purse(..)")
    }
}

impl<'a> Purse<'a> {
    pub(crate) fn new(globals: &'a Globals, voice: Voice<'a>) -> Self {
        Self { globals, voice, known: HashMap::new(), failed: HashMap::new() }
    }

    /// The password that is kept there. `whose` is for the question, if one is asked.
    pub(crate) fn password(&mut self, source: &Source, whose: &str) -> Result<Secret, Error> {
        secret(self.fetch(source, &format!("Password of {whose}"))?, "the password")
    }

    /// The BMC's key that is kept there.
    pub(crate) fn kg(&mut self, source: &Source, whose: &str) -> Result<Secret, Error> {
        secret(&key_bytes(self.fetch(source, &format!("K_g of {whose}"))?)?, "K_g")
    }

    fn fetch(&mut self, source: &Source, question: &str) -> Result<&Zeroizing<Vec<u8>>, Error> {
        if !self.known.contains_key(source) {
            if let Some(why) = self.failed.get(source) {
                return Err(Error::usage(why.clone()));
            }
            let bytes = self.fetch_anew(source, question).inspect_err(|error| {
                if let Error::Told(report) = error {
                    self.failed.insert(source.clone(), report.message.clone());
                }
            })?;
            self.known.insert(source.clone(), bytes);
        }
        self.known.get(source).ok_or_else(|| Error::usage("no password was given"))
    }

    fn fetch_anew(&self, source: &Source, question: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        let kept = match source {
            Source::Typed => {
                self.voice.warning(
                    "-P shows the password to every user of this machine; LANTERN_PASSWORD and \
                     --password-file do not",
                );
                let Some(Visible(password)) = &self.globals.password else {
                    return Err(Error::usage("no password was given"));
                };
                return Ok(password.clone());
            }
            Source::Ask(_) => return prompt(question),
            Source::Kept(kept) => kept,
        };
        match kept {
            Kept::Variable(name) => variable(name).ok_or_else(|| {
                Error::usage(format!("environment variable {name} is not set, or empty"))
                    .next(format!("export {name}, or keep the secret elsewhere"))
            }),
            Kept::File(path) => line::of_file(path, true),
            Kept::Command { argv, timeout } => command::first_line(argv, *timeout),
            Kept::Descriptor(number) => line::of_descriptor(*number),
            Kept::Systemd(name) => line::of_file(&systemd(name)?, false),
            Kept::Prompt => prompt(question),
        }
    }
}

/// Where the options and the environment have the password. At most one option may.
pub(crate) fn password_given(globals: &Globals) -> Result<Option<(Source, &'static str)>, Error> {
    let kept = |kept| Source::Kept(kept);
    let Globals { password, password_file, password_fd, password_command, .. } = globals;
    let options = [
        password.as_ref().map(|_| (Source::Typed, "-P")),
        password_file.clone().map(|file| (kept(Kept::File(file)), "--password-file")),
        password_fd.map(|number| (kept(Kept::Descriptor(number)), "--password-fd")),
        password_command.clone().map(|command| {
            let kept = Kept::Command { argv: command.0, timeout: command::TIME };
            (Source::Kept(kept), "--password-command")
        }),
    ];
    let mut given = options.into_iter().flatten();
    if let Some(first) = given.next() {
        return match given.next() {
            None => Ok(Some(first)),
            Some((_, other)) => {
                Err(Error::usage(format!("{} and {other} exclude each other", first.1)))
            }
        };
    }
    let names = ["LANTERN_PASSWORD", "IPMI_PASSWORD"];
    let set = names.into_iter().find(|name| variable(name).is_some());
    Ok(set.map(|name| (kept(Kept::Variable(name.to_owned())), name)))
}

/// Where the options and the environment have the BMC's key.
pub(crate) fn kg_given(globals: &Globals) -> Option<(Source, &'static str)> {
    const NAME: &str = "LANTERN_KG";
    match &globals.kg_file {
        Some(file) => Some((Source::Kept(Kept::File(file.clone())), "--kg-file")),
        None => variable(NAME).map(|_| (Source::Kept(Kept::Variable(NAME.to_owned())), NAME)),
    }
}

/// A program with its arguments, as one word of the command line.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CommandLine(Vec<String>);

/// Somebody may have put a secret there, after all.
impl fmt::Debug for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CommandLine(..)")
    }
}

impl CommandLine {
    /// Taken apart as a shell would, and nothing else of what a shell does.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let words = shlex::split(text).filter(|words| !words.is_empty());
        words.map(Self).ok_or_else(|| {
            "a program and its arguments, as in 'pass show bmc/rack1'; quotes are closed".to_owned()
        })
    }
}

fn secret(bytes: &[u8], what: &str) -> Result<Secret, Error> {
    Secret::new(bytes).ok_or_else(|| {
        Error::usage(format!("{what} has more than {} bytes", Secret::MAX))
            .cause("IPMI 2.0 has no room for more, and nothing is ever cut")
            .next("give exactly what was set on the BMC")
    })
}

/// An environment variable that is set to something.
fn variable(name: &str) -> Option<Zeroizing<Vec<u8>>> {
    let value = Zeroizing::new(std::env::var_os(name)?.into_vec());
    (!value.is_empty()).then_some(value)
}

/// Where systemd has put a credential of the unit that we run in.
fn systemd(name: &str) -> Result<PathBuf, Error> {
    const DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
    match std::env::var_os(DIRECTORY).filter(|directory| !directory.is_empty()) {
        Some(directory) => Ok(Path::new(&directory).join(name)),
        None => Err(Error::usage(format!("systemd has passed no credential '{name}'"))
            .cause(format!("{DIRECTORY} is not set: this is no unit with credentials"))
            .next(format!("add LoadCredential={name}:PATH to the unit, and run this in it"))),
    }
}

/// What K_g's text stands for: itself, or the bytes that 0x and hexadecimal digits name.
fn key_bytes(line: &Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, Error> {
    let Some(digits) = line.strip_prefix(b"0x") else { return Ok(line.clone()) };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len()));
    for pair in digits.chunks(2) {
        match pair {
            [high, low] => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => bytes.push(high << 4 | low),
                _ => return Err(Error::usage("K_g: 0x is followed by what is not hexadecimal")),
            },
            _ => return Err(Error::usage("K_g: 0x is followed by an odd number of digits")),
        }
    }
    Ok(bytes)
}

fn prompt(question: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let nobody = || {
        Error::usage("no password was given, and there is no terminal to ask on").next(
            "set LANTERN_PASSWORD, use --password-file FILE, or name a credential in lantern.toml",
        )
    };
    if !io::stdin().is_terminal() {
        return Err(nobody());
    }
    let password = rpassword::prompt_password(format!("{question}: "));
    password.map(|password| Zeroizing::new(password.into_bytes())).map_err(|_| nobody())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn a_key_is_text_or_hexadecimal() {
        let bytes = |text: &str| key_bytes(&Zeroizing::new(text.as_bytes().to_vec()));
        assert_eq!(**bytes("0x00ffA5").unwrap(), [0x00, 0xff, 0xa5]);
        assert_eq!(**bytes("secret").unwrap(), *b"secret");
        assert!(bytes("0x0").is_err() && bytes("0xzz").is_err());
    }

    #[test]
    fn what_many_hosts_share_is_fetched_once() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        let program = |word: &str| {
            let script = format!("echo {word} >> {}; echo {word}", log.display());
            let argv = ["sh", "-c", &script].map(str::to_owned).to_vec();
            Source::Kept(Kept::Command { argv, timeout: command::TIME })
        };
        let cli = Cli::try_parse_from(["lantern", "power", "status"]).unwrap();
        let mut purse = Purse::new(&cli.globals, Voice::new(cli.globals.output));
        for word in ["one", "two", "one", "two", "one"] {
            let password = purse.password(&program(word), "a host").unwrap();
            assert_eq!((password.len(), password.padded().get(..3)), (3, Some(word.as_bytes())));
        }
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "one\ntwo\n");
        assert!(!format!("{purse:?}").contains("one"));
    }

    #[test]
    fn a_command_is_taken_apart_and_no_more() {
        let words = |text: &str| CommandLine::parse(text).map(|CommandLine(words)| words);
        assert_eq!(
            words("pass show 'a b' \"c $HOME\"").unwrap(),
            ["pass", "show", "a b", "c $HOME"]
        );
        assert_eq!(words("a; b | c").unwrap(), ["a;", "b", "|", "c"]);
        assert!(words("").is_err() && words("  ").is_err() && words("a 'b").is_err());
    }
}
