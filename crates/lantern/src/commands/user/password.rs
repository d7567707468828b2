//! Passwords that are set or tried, not logged in with.

use std::path::Path;

use ipmi_client::Secret;
use ipmi_wire::cmd::app::PasswordSize;

use crate::error::Error;
use crate::output::Voice;
use crate::secret::New;

/// A password to be set.
pub(super) const fn new(file: Option<&Path>) -> New<'_> {
    New {
        file,
        variable: "LANTERN_NEW_PASSWORD",
        option: "--new-password-file",
        what: "New password",
        is_key: false,
    }
}

/// A password to be tried.
pub(super) const fn tried(file: Option<&Path>) -> New<'_> {
    New { what: "Password", ..new(file) }
}

/// The size to store it with: the one that was asked for, or the least that it fits.
pub(super) fn size(password: &Secret, asked: Option<PasswordSize>) -> Result<PasswordSize, Error> {
    let fits = password.len() <= PasswordSize::Sixteen.bytes();
    match asked {
        Some(PasswordSize::Sixteen) if !fits => {
            Err(Error::usage(format!("the password has {} bytes, not 16 at most", password.len()))
                .cause("nothing is ever cut: what was cut off would be missing at the next login")
                .next("leave out --size, or use 20: it is good for IPMI 2.0 only"))
        }
        Some(size) => Ok(size),
        None if fits => Ok(PasswordSize::Sixteen),
        None => Ok(PasswordSize::Twenty),
    }
}

/// What somebody should know who sets such a password.
pub(super) fn tell(size: PasswordSize, asked: Option<PasswordSize>, voice: Voice<'_>) {
    if size == PasswordSize::Twenty && asked.is_none() {
        voice.note(
            "a password of more than 16 bytes is stored with 20: the user can log in by IPMI 2.0 \
             only, and some old firmware compares no more than 16",
        );
    }
}
