//! `channel` as it is typed.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use ipmi_wire::cmd::app::{AccessCopy, AccessMode, SecurityKey};
use ipmi_wire::{Channel as Number, Privilege};

use super::words::{channel, on_off, privilege_limit};

#[derive(Debug, Subcommand)]
pub(crate) enum Channel {
    /// Which channels there are
    List,
    /// What a channel is, and whom it lets in
    Info {
        #[command(flatten)]
        at: At,
    },
    /// Change whom a channel lets in, and read it back
    #[command(group = ArgGroup::new("change").multiple(true).required(true))]
    #[command(override_usage = "lantern channel set [OPTIONS] <N> --<SETTING> <VALUE>...")]
    Set(ChannelSet),
    /// How one may log in on a channel
    Auth {
        #[command(flatten)]
        at: At,
        /// For this privilege: callback, user, operator, administrator or oem
        #[arg(long = "for", value_name = "LEVEL", value_parser = privilege_limit)]
        #[arg(default_value = "administrator")]
        level: Privilege,
    },
    /// The cipher suites that a channel offers, and what is wrong with the weak ones
    Ciphers {
        #[command(flatten)]
        at: At,
        /// For IPMI messages or for Serial over LAN
        #[arg(long, value_enum, default_value_t)]
        payload: Payload,
    },
    /// The payloads that a channel carries
    Payloads {
        #[command(flatten)]
        at: At,
    },
    /// The keys of a channel's RMCP+ sessions
    #[command(subcommand)]
    Keys(ChannelKeys),
}

/// Which channel.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct At {
    /// Channel [default: the one of the session]
    #[arg(value_name = "N", value_parser = channel)]
    pub(crate) channel: Option<Number>,
}

impl At {
    /// Its number, or the one that stands for the session's.
    pub(crate) fn number(self) -> Number {
        self.channel.unwrap_or(Number::PRESENT)
    }
}

#[derive(Debug, Args)]
pub(crate) struct ChannelSet {
    /// Channel
    #[arg(value_name = "N", value_parser = channel)]
    pub(crate) channel: Number,
    /// When there is access
    #[arg(long, value_enum, group = "change")]
    pub(crate) mode: Option<Mode>,
    /// The most that anybody may do: callback, user, operator, administrator or oem
    #[arg(long, value_name = "LEVEL", value_parser = privilege_limit, group = "change")]
    pub(crate) limit: Option<Privilege>,
    /// Authentication of each packet of an IPMI 1.5 session
    #[arg(long, value_name = "on|off", value_parser = on_off, group = "change")]
    pub(crate) per_message_auth: Option<bool>,
    /// Authentication of what takes no more than User level, in an IPMI 1.5 session
    #[arg(long, value_name = "on|off", value_parser = on_off, group = "change")]
    pub(crate) user_level_auth: Option<bool>,
    /// Alerts on this channel
    #[arg(long, value_name = "on|off", value_parser = on_off, group = "change")]
    pub(crate) alerting: Option<bool>,
    /// Only what is in force, until the BMC starts anew [default: both]
    #[arg(long, conflicts_with = "non_volatile")]
    pub(crate) volatile: bool,
    /// Only what the BMC starts with [default: both]
    #[arg(long)]
    pub(crate) non_volatile: bool,
    /// Do not ask, even where it may end this very session and keep the next ones out
    #[arg(long, short)]
    pub(crate) yes: bool,
}

impl ChannelSet {
    /// Which copies of the settings are meant.
    pub(crate) const fn copies(&self) -> &'static [AccessCopy] {
        match (self.volatile, self.non_volatile) {
            (true, _) => &[AccessCopy::Volatile],
            (_, true) => &[AccessCopy::NonVolatile],
            _ => &[AccessCopy::NonVolatile, AccessCopy::Volatile],
        }
    }
}

/// When a channel lets anybody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Never
    Disabled,
    /// While the system is not up; serial channels only
    #[value(name = "pre-boot", alias = "preboot")]
    PreBoot,
    /// Always
    Always,
    /// Always, and the system uses the line as well; serial channels only
    Shared,
}

impl From<Mode> for AccessMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Disabled => Self::Disabled,
            Mode::PreBoot => Self::PreBoot,
            Mode::Always => Self::Always,
            Mode::Shared => Self::Shared,
        }
    }
}

/// What suites are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Payload {
    /// IPMI messages
    #[default]
    Ipmi,
    /// Serial over LAN
    Sol,
}

impl Payload {
    /// Its type on the wire.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Ipmi => 0,
            Self::Sol => 1,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum ChannelKeys {
    /// Whether K_g and K_r are set and locked; the keys themselves are not shown
    Show {
        #[command(flatten)]
        at: At,
    },
    /// Set a key: the first line of --new-key-file, LANTERN_NEW_KG, or a prompt; as text, or as 0x
    /// and hexadecimal digits
    Set {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        which: Which,
        /// File whose first line is the new key; must be readable by its owner only
        #[arg(long, value_name = "FILE")]
        new_key_file: Option<PathBuf>,
        /// No key: all zeros
        #[arg(long, conflicts_with = "new_key_file")]
        clear: bool,
    },
    /// Let nobody read or set a key any more
    Lock {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        which: Which,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

/// Which key.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Which {
    /// kg is what consoles need, kr what random numbers are made from
    #[arg(long, value_enum, default_value_t)]
    pub(crate) key: Key,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Key {
    /// The channel's key beside each user's password
    #[default]
    Kg,
    /// The key for random numbers
    Kr,
}

impl Key {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Kg => "K_g",
            Self::Kr => "K_r",
        }
    }
}

impl From<Key> for SecurityKey {
    fn from(key: Key) -> Self {
        match key {
            Key::Kg => Self::Generating,
            Key::Kr => Self::Random,
        }
    }
}
