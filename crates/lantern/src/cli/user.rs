//! `user` as it is typed.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use ipmi_wire::cmd::app::PasswordSize;
use ipmi_wire::session::Username;
use ipmi_wire::{Channel, Privilege};

use super::words::{byte, channel, on_off, privilege_limit};

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Who there is, and what they may do
    List {
        #[command(flatten)]
        on: On,
        /// Look at every slot, also where nobody is expected any more
        #[arg(long)]
        all: bool,
    },
    /// All that the BMC tells of one user
    Get {
        #[command(flatten)]
        user: One,
        #[command(flatten)]
        on: On,
    },
    /// How many users there are, and can be
    Summary {
        #[command(flatten)]
        on: On,
    },
    /// Make a user in the first free slot: name, password, access, and enabled in the end
    #[command(after_help = PASSWORDS)]
    Add(UserAdd),
    /// Change a user, and read it back
    #[command(group = ArgGroup::new("change").multiple(true).required(true))]
    #[command(override_usage = "lantern user set [OPTIONS] <ID|NAME> --<SETTING>...")]
    #[command(after_help = PASSWORDS)]
    Set(UserSet),
    /// Take a user away: no name, no access, disabled
    Remove {
        #[command(flatten)]
        user: One,
        #[command(flatten)]
        on: On,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Whether a password is a user's: of --new-password-file, LANTERN_NEW_PASSWORD or a prompt
    Test {
        #[command(flatten)]
        user: One,
        /// File whose first line is the password to try
        #[arg(long, value_name = "FILE")]
        new_password_file: Option<PathBuf>,
        /// As stored with 16 or 20 bytes [default: whichever it is]
        #[arg(long, value_name = "16|20", value_parser = size)]
        size: Option<PasswordSize>,
    },
    /// Which payloads a user may activate; changes them if told to
    Payload {
        #[command(flatten)]
        user: One,
        #[command(flatten)]
        on: On,
        /// Serial over LAN
        #[arg(long, value_name = "on|off", value_parser = on_off)]
        sol: Option<bool>,
        /// The maker's own payload N, 0 to 7
        #[arg(long, value_name = "N=on|off", value_parser = oem)]
        oem: Vec<(u8, bool)>,
    },
}

/// Which user.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// A number is an ID, anything else a name
    #[arg(value_name = "ID|NAME", value_parser = who)]
    pub(crate) who: Who,
}

/// A user as one is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Id(u8),
    Name(Username),
}

/// On which channel.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct On {
    /// Access on this channel [default: the one of the session]
    #[arg(long, value_name = "N", value_parser = channel)]
    pub(crate) channel: Option<Channel>,
}

/// What a user may do, as far as it is said.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Access {
    /// The most that the user may do: none, callback, user, operator, administrator or oem
    #[arg(long, value_name = "LEVEL", value_parser = limit, group = "change")]
    pub(crate) limit: Option<Limit>,
    /// Calling in, and not only being called back
    #[arg(long, value_name = "on|off", value_parser = on_off, group = "change")]
    pub(crate) callin: Option<bool>,
    /// Link authentication, on serial channels
    #[arg(long, value_name = "on|off", value_parser = on_off, group = "change")]
    pub(crate) link: Option<bool>,
    /// IPMI messages: what every session needs
    #[arg(long, value_name = "on|off", value_parser = on_off, group = "change")]
    pub(crate) ipmi: Option<bool>,
    /// Sessions at a time, 1 to 15; 0 is as many as there are. It cannot be read back
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=15))]
    #[arg(group = "change")]
    pub(crate) session_limit: Option<u8>,
}

/// A privilege limit; `None` is no access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) Option<Privilege>);

#[derive(Debug, Args)]
pub(crate) struct UserAdd {
    /// At most 16 bytes
    #[arg(value_parser = name)]
    pub(crate) name: Username,
    #[command(flatten)]
    pub(crate) access: Access,
    #[command(flatten)]
    pub(crate) on: On,
    /// File whose first line is the new password; must be readable by its owner only
    #[arg(long, value_name = "FILE")]
    pub(crate) new_password_file: Option<PathBuf>,
    /// Store it with 16 or 20 bytes [default: 16 if it fits]
    #[arg(long, value_name = "16|20", value_parser = size)]
    pub(crate) size: Option<PasswordSize>,
    /// Whether the user may activate Serial over LAN [default: as the BMC has it]
    #[arg(long, value_name = "on|off", value_parser = on_off)]
    pub(crate) sol: Option<bool>,
    /// In this slot [default: the first free one]
    #[arg(long, value_name = "N", value_parser = id)]
    pub(crate) id: Option<u8>,
    /// Do not enable the user
    #[arg(long)]
    pub(crate) disabled: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UserSet {
    #[command(flatten)]
    pub(crate) user: One,
    #[command(flatten)]
    pub(crate) on: On,
    /// Another name, at most 16 bytes
    #[arg(long, value_parser = name, group = "change")]
    pub(crate) name: Option<Username>,
    /// Another password, from LANTERN_NEW_PASSWORD or a prompt
    #[arg(long, group = "change")]
    pub(crate) new_password: bool,
    /// Another password: the first line of this file, which must be readable by its owner only
    #[arg(long, value_name = "FILE", group = "change")]
    pub(crate) new_password_file: Option<PathBuf>,
    /// Store the password with 16 or 20 bytes [default: 16 if it fits]
    #[arg(long, value_name = "16|20", value_parser = size)]
    pub(crate) size: Option<PasswordSize>,
    #[command(flatten)]
    pub(crate) access: Access,
    /// Let the user log in
    #[arg(long, group = "change", conflicts_with = "disable")]
    pub(crate) enable: bool,
    /// Let the user log in no more
    #[arg(long, group = "change")]
    pub(crate) disable: bool,
    /// Do not ask, even where it shuts out the user that one is logged in as
    #[arg(long, short)]
    pub(crate) yes: bool,
}

impl UserSet {
    /// Whether there is to be another password.
    pub(crate) const fn changes_password(&self) -> bool {
        self.new_password || self.new_password_file.is_some()
    }
}

fn limit(text: &str) -> Result<Limit, String> {
    match text.to_ascii_lowercase().as_str() {
        "none" | "no-access" | "no_access" => Ok(Limit(None)),
        _ => privilege_limit(text)
            .map(|level| Limit(Some(level)))
            .map_err(|levels| format!("none, {levels}")),
    }
}

fn size(text: &str) -> Result<PasswordSize, String> {
    match text {
        "16" => Ok(PasswordSize::Sixteen),
        "20" => Ok(PasswordSize::Twenty),
        _ => Err("16 or 20".to_owned()),
    }
}

fn name(text: &str) -> Result<Username, String> {
    match Username::new(text.as_bytes()) {
        Some(name) if !name.is_empty() && !text.contains('\0') => Ok(name),
        Some(_) => Err("a name; 'user remove' takes one away".to_owned()),
        None => Err(format!("{} bytes at most: nothing is ever cut", Username::MAX)),
    }
}

fn id(text: &str) -> Result<u8, String> {
    byte(text).ok().filter(|id| (1..=63).contains(id)).ok_or_else(|| "1 to 63".to_owned())
}

fn who(text: &str) -> Result<Who, String> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
        return id(text).map(Who::Id);
    }
    name(text).map(Who::Name)
}

fn oem(text: &str) -> Result<(u8, bool), String> {
    let wrong = || "N=on or N=off, with N from 0 to 7".to_owned();
    let (number, switch) = text.split_once('=').ok_or_else(wrong)?;
    let number = byte(number).ok().filter(|number| *number < 8).ok_or_else(wrong)?;
    Ok((number, on_off(switch).map_err(|_| wrong())?))
}

const PASSWORDS: &str = "\
The new password comes from --new-password-file, LANTERN_NEW_PASSWORD or a prompt, never from the
command line. -P, --password-file and LANTERN_PASSWORD are for logging in.

More than 20 bytes are refused, and 17 to 20 can only be stored as 20: IPMI 1.5 cannot log in with
that. Nothing is ever cut.

What a user may do is --limit; -L and --privilege are what this session itself asks for.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_an_id_and_anything_else_a_name() {
        assert_eq!(who("7"), Ok(Who::Id(7)));
        assert_eq!(who("bob"), Ok(Who::Name(Username::new(b"bob").unwrap())));
        assert_eq!(who("7even"), Ok(Who::Name(Username::new(b"7even").unwrap())));
        for wrong in ["", "0", "64", "seventeen_bytes_17", "256"] {
            assert!(who(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_oem_payload_is_a_number_and_a_switch() {
        assert_eq!(oem("0x7=off"), Ok((7, false)));
        assert!(["8=on", "on", "1=maybe", "=on"].iter().all(|text| oem(text).is_err()));
    }
}
