//! Where passwords and K_g come from, and that they go nowhere else.
//!
//! Each is held in memory that wipes itself, is never printed, and is never cut: what is too long
//! is refused.

use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ipmi_session::Secret;
use zeroize::Zeroizing;

use crate::cli::Globals;
use crate::error::Error;
use crate::output::Voice;

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

/// More than any password has; a file that goes on is not a password file.
const LINE_MAX: u64 = 4096;

/// The password, from the first source that has one.
pub(crate) fn password(globals: &Globals, who: &str, voice: Voice<'_>) -> Result<Secret, Error> {
    let bytes = match (&globals.password, &globals.password_file) {
        (Some(_), Some(_)) => {
            return Err(Error::usage("-P and --password-file exclude each other"));
        }
        (Some(Visible(password)), None) => {
            voice.warning(
                "-P shows the password to every user of this machine; LANTERN_PASSWORD and \
                 --password-file do not",
            );
            password.clone()
        }
        (None, Some(file)) => first_line(file)?,
        (None, None) => match variable("LANTERN_PASSWORD").or_else(|| variable("IPMI_PASSWORD")) {
            Some(password) => password,
            None => prompt(who)?,
        },
    };
    secret(&bytes, "the password")
}

/// The BMC's key, if one was given.
pub(crate) fn kg(globals: &Globals) -> Result<Option<Secret>, Error> {
    let line = match &globals.kg_file {
        Some(file) => Some(first_line(file)?),
        None => variable("LANTERN_KG"),
    };
    line.map(|line| secret(&key_bytes(line)?, "K_g")).transpose()
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

/// The first line of a file that nobody else may read.
fn first_line(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let name = path.display();
    let unreadable = |error: io::Error| Error::usage(format!("{name}: cannot be read: {error}"));
    let file = File::open(path).map_err(unreadable)?;
    // Of what was opened, not of what the name stands for by now.
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    if mode & 0o077 != 0 {
        let mode = mode & 0o7777;
        return Err(Error::usage(format!(
            "{name}: others than its owner may use it (mode {mode:04o})"
        ))
        .cause("a secret in a file that others can read is none")
        .next(format!("chmod 600 {name}; change the secret if others may have read it")));
    }
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LINE_MAX as usize));
    file.take(LINE_MAX).read_to_end(&mut bytes).map_err(unreadable)?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = Zeroizing::new(without_cr(line).to_vec());
    if line.is_empty() {
        return Err(Error::usage(format!("{name}: its first line is empty")));
    }
    Ok(line)
}

/// A line as it is meant, whatever system wrote it.
fn without_cr(mut line: &[u8]) -> &[u8] {
    while let Some(shorter) = line.strip_suffix(b"\r") {
        line = shorter;
    }
    line
}

/// What K_g's text stands for: itself, or the bytes that 0x and hexadecimal digits name.
fn key_bytes(line: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, Error> {
    let Some(digits) = line.strip_prefix(b"0x") else { return Ok(line) };
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

fn prompt(who: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let nobody = || {
        Error::usage("no password was given, and there is no terminal to ask on")
            .next("set LANTERN_PASSWORD, or use --password-file FILE")
    };
    if !io::stdin().is_terminal() {
        return Err(nobody());
    }
    let password = rpassword::prompt_password(format!("Password of {who}: "));
    password.map(|password| Zeroizing::new(password.into_bytes())).map_err(|_| nobody())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_text_or_hexadecimal() {
        let bytes = |text: &str| key_bytes(Zeroizing::new(text.as_bytes().to_vec()));
        assert_eq!(**bytes("0x00ffA5").unwrap(), [0x00, 0xff, 0xa5]);
        assert_eq!(**bytes("secret").unwrap(), *b"secret");
        assert!(bytes("0x0").is_err() && bytes("0xzz").is_err());
    }

    #[test]
    fn line_ends_of_any_system_are_left_out() {
        assert_eq!(without_cr(b"pass\r"), b"pass");
        assert_eq!(without_cr(b"pa ss "), b"pa ss ");
    }
}
