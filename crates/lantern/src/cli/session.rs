//! `session` as it is typed.

use clap::{ArgGroup, Subcommand};

use super::words::byte;

#[derive(Debug, Subcommand)]
pub(crate) enum Session {
    /// The session that this very command runs in
    Info,
    /// All sessions: whose, from where, with which privilege
    List {
        /// With the users' names: one exchange more for each user, and it takes OPERATOR
        #[arg(long)]
        names: bool,
    },
    /// End somebody else's session
    #[command(group = ArgGroup::new("which").required(true))]
    Close {
        /// Handle, as 'session list' shows it
        #[arg(value_parser = byte, group = "which")]
        handle: Option<u8>,
        /// The BMC's ID for it instead, as its own log or console has it
        #[arg(long, value_name = "ID", value_parser = session_id, group = "which")]
        id: Option<u32>,
    },
}

fn session_id(text: &str) -> Result<u32, String> {
    let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if !digits.starts_with('+') => u32::from_str_radix(digits, 16).ok(),
        Some(_) => None,
        None => text.parse().ok(),
    };
    number.filter(|id| *id != 0).ok_or_else(|| "a number from 1 to 0xffffffff".to_owned())
}
