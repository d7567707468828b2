//! Where a secret is kept. Never the secret.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::entry::{HOST_NAME, seconds};
use crate::file::Reader;
use crate::origin::Origin;

/// `[credentials.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Where it is kept.
    pub kept: Kept,
    /// Whether a project's file may say that its hosts take this one.
    pub projects: bool,
    /// Where it begins.
    pub origin: Origin,
}

/// Where a secret is kept.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Kept {
    /// In an environment variable.
    Variable(String),
    /// In a file's first line.
    File(PathBuf),
    /// In the first line that a program writes.
    Command {
        /// The program and its arguments; no shell sees them.
        argv: Vec<String>,
        /// How long it may take.
        timeout: Duration,
    },
    /// In the first line of what can be read from a file descriptor.
    Descriptor(u32),
    /// In a credential that systemd has passed.
    Systemd(String),
    /// In somebody's head.
    Prompt,
}

/// How long a program may take that fetches a secret: time for somebody to unlock a key.
const COMMAND_TIME: Duration = Duration::from_secs(60);

const SOURCES: [&str; 6] = ["env", "file", "command", "fd", "systemd", "prompt"];
const KEYS: [&str; 8] =
    ["env", "file", "command", "fd", "systemd", "prompt", "timeout", "projects"];
const ONE: &str = "where the secret is kept is said once: one of env, file, command, fd, systemd, \
                   prompt";

impl Credential {
    pub(crate) fn read(
        reader: &mut Reader<'_>,
        title: Range<usize>,
        table: &DeTable<'_>,
    ) -> Option<Self> {
        let mut kept = None;
        let (mut timeout, mut projects) = (None, None);
        let before = reader.mistakes.len();
        let mut sources = 0_usize;
        for (key, value) in reader.in_order(table) {
            let name = key.get_ref().as_ref();
            if SOURCES.contains(&name) {
                sources = sources.saturating_add(1);
                if sources > 1 {
                    reader.mistake(key.span(), ONE);
                }
            }
            match name {
                "env" => kept = variable(reader, value),
                "file" => kept = file(reader, value),
                "command" => kept = command(reader, value),
                "fd" => {
                    let number = reader.number(value, 0, 1 << 20);
                    kept = number.map(|number| Kept::Descriptor(number.value));
                }
                "systemd" => kept = systemd(reader, value),
                "prompt" => kept = prompt(reader, value),
                "timeout" => timeout = seconds(reader, value).map(|time| (key.span(), time.value)),
                "projects" => projects = reader.boolean(value),
                _ => reader.unknown_key(key, "a key of [credentials.NAME]", &KEYS),
            }
        }
        match (&mut kept, timeout) {
            (Some(Kept::Command { timeout, .. }), Some((_, time))) => *timeout = time,
            (Some(_), Some((span, _))) => reader.mistake(span, "only a command has a timeout"),
            _ => {}
        }
        if sources == 0 && reader.mistakes.len() == before {
            reader.mistake(title.clone(), ONE);
        }
        let projects = projects.is_some_and(|projects| projects.value);
        Some(Self { kept: kept?, projects, origin: reader.origin(title) })
    }
}

fn variable(reader: &mut Reader<'_>, value: &Spanned<DeValue<'_>>) -> Option<Kept> {
    let name = reader.word(value, |text| {
        // A password that stands here by mistake is not a name of a variable, as a rule.
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let fine = text.chars().all(plain) && !text.starts_with(|c: char| c.is_ascii_digit());
        match fine && !text.is_empty() {
            true => Ok(text.to_owned()),
            false => {
                Err("the name of an environment variable is due here, such as \"BMC_PASSWORD\": \
                          letters, digits and '_'"
                    .to_owned())
            }
        }
    })?;
    Some(Kept::Variable(name.value))
}

fn file(reader: &mut Reader<'_>, value: &Spanned<DeValue<'_>>) -> Option<Kept> {
    let beside = reader.file.parent().map(Path::to_owned).unwrap_or_default();
    let path = reader.word(value, |text| match text.is_empty() {
        true => Err("a path is due here".to_owned()),
        false if text.starts_with("~/") => Ok(PathBuf::from(text)),
        // Of this file's directory, wherever the program runs.
        false => Ok(beside.join(text)),
    })?;
    Some(Kept::File(path.value))
}

fn command(reader: &mut Reader<'_>, value: &Spanned<DeValue<'_>>) -> Option<Kept> {
    const LIST: &str = "a program and its arguments are a list, because no shell takes them apart: \
                        command = [\"pass\", \"show\", \"bmc/rack1\"]";
    if value.get_ref().is_str() {
        reader.mistake(value.span(), LIST);
        return None;
    }
    let argv = reader.list(value, |reader, item| reader.text(item))?.value;
    if argv.first().is_none_or(String::is_empty) {
        reader.mistake(value.span(), LIST);
        return None;
    }
    Some(Kept::Command { argv, timeout: COMMAND_TIME })
}

fn systemd(reader: &mut Reader<'_>, value: &Spanned<DeValue<'_>>) -> Option<Kept> {
    let name = reader.word(value, |text| match is_component(text) {
        true => Ok(text.to_owned()),
        false => Err("a credential's name in the unit is due here, as in LoadCredential=NAME:PATH"
            .to_owned()),
    })?;
    Some(Kept::Systemd(name.value))
}

fn prompt(reader: &mut Reader<'_>, value: &Spanned<DeValue<'_>>) -> Option<Kept> {
    let yes = reader.boolean(value)?;
    if !yes.value {
        reader.mistake(value.span(), "prompt is true, or left out");
    }
    yes.value.then_some(Kept::Prompt)
}

/// Whether this is a name inside of a directory, and not a way out of it.
fn is_component(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('.') && !text.contains(['/', '\0'])
}

impl Kept {
    /// For this host: `{host}` is its name, and `~/` is `home`.
    ///
    /// # Errors
    /// If the host has a name that could lead elsewhere.
    pub fn of_host(&self, host: &str, home: Option<&Path>) -> Result<Self, String> {
        let named = |text: &str| -> Result<String, String> {
            if text.contains(HOST_NAME) && (!is_component(host) || host.starts_with('-')) {
                return Err(format!(
                    "the host's name goes into the place of {HOST_NAME}, and '{host}' could lead \
                     elsewhere"
                ));
            }
            Ok(text.replace(HOST_NAME, host))
        };
        Ok(match self {
            Self::File(path) => {
                let path = match (path.to_str(), home) {
                    (Some(text), _) => PathBuf::from(named(text)?),
                    (None, _) => path.clone(),
                };
                match (path.strip_prefix("~"), home) {
                    (Ok(inside), Some(home)) => Self::File(home.join(inside)),
                    (Ok(_), None) => return Err("~ is nowhere: HOME is not set".to_owned()),
                    (Err(_), _) => Self::File(path),
                }
            }
            Self::Command { argv, timeout } => {
                let argv = argv.iter().map(|word| named(word)).collect::<Result<_, _>>()?;
                Self::Command { argv, timeout: *timeout }
            }
            other => other.clone(),
        })
    }

    /// The key that it is written with.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Variable(_) => "env",
            Self::File(_) => "file",
            Self::Command { .. } => "command",
            Self::Descriptor(_) => "fd",
            Self::Systemd(_) => "systemd",
            Self::Prompt => "prompt",
        }
    }
}

/// For people and for logs. Of a program's arguments it says only how many there are: somebody may
/// have put a secret there all the same.
impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Command { argv, .. } => {
                let program = argv.first().map_or("", String::as_str);
                match argv.len().saturating_sub(1) {
                    0 => write!(f, "command {program}"),
                    1 => write!(f, "command {program}, with 1 argument"),
                    count => write!(f, "command {program}, with {count} arguments"),
                }
            }
            Self::Descriptor(number) => write!(f, "file descriptor {number}"),
            Self::Systemd(name) => write!(f, "systemd credential {name}"),
            Self::Prompt => f.write_str("prompt"),
        }
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kept({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hosts_name_never_leads_elsewhere() {
        let file = Kept::File("/run/bmc/{host}".into());
        assert_eq!(file.of_host("n1", None), Ok(Kept::File("/run/bmc/n1".into())));
        for host in ["../../etc/shadow", "..", "a/b", "", "-x"] {
            assert!(file.of_host(host, None).is_err(), "{host}");
        }
        let program = |word: &str| Kept::Command {
            argv: vec!["pass".to_owned(), word.to_owned()],
            timeout: COMMAND_TIME,
        };
        assert_eq!(program("bmc/{host}").of_host("n1", None), Ok(program("bmc/n1")));
        assert!(program("{host}").of_host("--help", None).is_err());
        // What does not need the name does not mind it.
        assert!(program("x").of_host("../x", None).is_ok());
    }

    #[test]
    fn the_tilde_is_home() {
        let file = Kept::File("~/.secrets/bmc".into());
        let home = Path::new("/home/op");
        assert_eq!(file.of_host("n1", Some(home)), Ok(Kept::File("/home/op/.secrets/bmc".into())));
        assert!(file.of_host("n1", None).is_err());
    }

    #[test]
    fn arguments_are_not_shown() {
        let kept = Kept::Command {
            argv: vec!["echo".to_owned(), "Complex_Pass".to_owned()],
            timeout: COMMAND_TIME,
        };
        for text in [kept.to_string(), format!("{kept:?}")] {
            assert!(!text.contains("Complex_Pass") && text.contains("echo"), "{text}");
        }
    }
}
