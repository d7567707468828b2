//! `lantern sim`: how many, and where.

use std::net::Ipv4Addr;

use clap::{Args, ValueEnum};
use lantern_bmcd::{FleetConfig, PersonalityName};

#[derive(Debug, Args)]
pub(crate) struct Sim {
    /// How many
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) count: u32,
    /// The first one's address, in 127.0.0.0/8; the others follow, all at the UDP port that -p says
    /// [port: 9623]
    #[arg(long, value_name = "ADDR", default_value_t = FleetConfig::BASE)]
    pub(crate) base: Ipv4Addr,
    /// All at this one address, and at ports that follow the first
    #[arg(long)]
    pub(crate) ports: bool,
    /// Other machines and GUIDs; the same ones for the same number
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// What they are made of
    #[arg(long, value_name = "NAME", value_enum, default_value_t)]
    pub(crate) personality: PersonalityWord,
}

/// A built-in personality.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PersonalityWord {
    /// A dual-socket server
    #[default]
    Reference,
    /// One of everything that a repository can hold
    Specimens,
}

impl From<PersonalityWord> for PersonalityName {
    fn from(word: PersonalityWord) -> Self {
        match word {
            PersonalityWord::Reference => Self::Reference,
            PersonalityWord::Specimens => Self::Specimens,
        }
    }
}
