//! Secrets that are to be set or tried, rather than logged in with.

use std::io::{self, IsTerminal};
use std::path::Path;

use ipmi_session::Secret;
use zeroize::Zeroizing;

use super::{key_bytes, line, variable};
use crate::error::Error;

/// A secret that is to be set or tried rather than logged in with: from a file, or else from an
/// environment variable.
pub(crate) struct New<'a> {
    pub(crate) file: Option<&'a Path>,
    pub(crate) variable: &'static str,
    /// The option that names the file.
    pub(crate) option: &'static str,
    pub(crate) what: &'static str,
    /// It may be written in hexadecimal.
    pub(crate) is_key: bool,
}

impl New<'_> {
    /// The secret, if it has not to be asked for. An empty one is none.
    pub(crate) fn given(&self) -> Result<Option<Secret>, Error> {
        let line = match self.file {
            Some(file) => Some(line::of_file(file, true)?),
            None => variable(self.variable),
        };
        line.map(|line| self.secret(line)).transpose()
    }

    /// An error before anything is sent, if there is none and nobody can be asked; or if it is not
    /// good.
    pub(crate) fn check(&self) -> Result<Option<Secret>, Error> {
        let given = self.given()?;
        if given.is_none() && !io::stdin().is_terminal() {
            return Err(self.nobody());
        }
        Ok(given)
    }

    /// The secret; typed twice, `twice`, if it has to be asked for and nobody could tell afterwards
    /// what it was.
    pub(crate) async fn get(&self, who: &str, twice: bool) -> Result<Secret, Error> {
        if let Some(secret) = self.given()? {
            return Ok(secret);
        }
        let prompt = format!("{} of {who}: ", self.what);
        let ask = move || -> io::Result<Option<Zeroizing<Vec<u8>>>> {
            let read = |prompt: &str| {
                rpassword::prompt_password(prompt).map(|text| Zeroizing::new(text.into_bytes()))
            };
            let first = read(&prompt)?;
            Ok((!twice || read("The same again: ")? == first).then_some(first))
        };
        let typed = tokio::task::spawn_blocking(ask).await.map_err(|_| self.nobody())?;
        match typed.map_err(|_| self.nobody())? {
            Some(line) if !line.is_empty() => self.secret(line),
            Some(_) => Err(Error::usage(format!("{}: nothing was typed", self.what))),
            None => Err(Error::usage(format!("{}: typed differently the second time", self.what))),
        }
    }

    fn secret(&self, line: Zeroizing<Vec<u8>>) -> Result<Secret, Error> {
        let bytes = if self.is_key { key_bytes(&line)? } else { line };
        Secret::new(&bytes).ok_or_else(|| {
            Error::usage(format!("{} has more than {} bytes", self.what, Secret::MAX))
                .cause("IPMI 2.0 has no room for more, and nothing is ever cut")
                .next("choose a shorter one")
        })
    }

    fn nobody(&self) -> Error {
        Error::usage(format!("{}: none was given, and there is no terminal to ask on", self.what))
            .next(format!("set {}, or use {} FILE", self.variable, self.option))
    }
}
