//! `raw` and `i2c` as they are typed.

use std::path::PathBuf;

use clap::Args;

use super::words::byte;

#[derive(Debug, Args)]
pub(crate) struct Raw {
    /// Network function, an even number up to 0x3e
    #[arg(value_parser = byte, required_unless_present = "file", requires = "cmd")]
    pub(crate) netfn: Option<u8>,
    /// Command
    #[arg(value_parser = byte)]
    pub(crate) cmd: Option<u8>,
    /// Data
    #[arg(value_parser = byte)]
    pub(crate) data: Vec<u8>,
    /// Logical unit that it is for
    #[arg(short, long, value_name = "N", default_value = "0")]
    #[arg(value_parser = clap::value_parser!(u8).range(..=3))]
    pub(crate) lun: u8,
    /// Tell what the bytes mean, as far as that is known
    #[arg(long)]
    pub(crate) explain: bool,
    /// With --explain: send nothing, and need no BMC
    #[arg(long, requires = "explain", conflicts_with = "file")]
    pub(crate) dry_run: bool,
    /// Many commands, one a line, in one session; # begins a comment, - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["netfn", "cmd", "data"])]
    pub(crate) file: Option<PathBuf>,
    /// With --file: go on when a command fails
    #[arg(long, requires = "file")]
    pub(crate) keep_going: bool,
}

#[derive(Debug, Args)]
pub(crate) struct I2c {
    /// Which bus: 'public', or the number of a private one, 0 to 7
    #[arg(long, value_name = "BUS", value_parser = bus, default_value = "public")]
    pub(crate) bus: Bus,
    /// Channel of the public bus
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(..=15))]
    #[arg(default_value = "0")]
    pub(crate) channel: u8,
    /// 7-bit address of the device: 0x50, not 0xa0
    #[arg(value_parser = address)]
    pub(crate) address: u8,
    /// How many bytes to read
    #[arg(value_parser = byte)]
    pub(crate) read: u8,
    /// Bytes to write before that
    #[arg(value_parser = byte)]
    pub(crate) write: Vec<u8>,
}

/// A bus, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bus {
    Public,
    Private(u8),
}

pub(super) const I2C: &str = "\
ADDRESS has seven bits, as device data sheets and Linux have it: what ipmitool calls 0xa0 is 0x50.

What is written may change anything, and is sent once only; if its answer is lost, nobody looks up
what became of it.

Examples:
  lantern -H rack1 i2c 0x50 16 0             sixteen bytes from offset 0 of an EEPROM";

fn bus(text: &str) -> Result<Bus, String> {
    match text {
        "public" => Ok(Bus::Public),
        text => match byte(text) {
            Ok(number @ 0..=7) => Ok(Bus::Private(number)),
            _ => Err("'public', or 0 to 7".to_owned()),
        },
    }
}

fn address(text: &str) -> Result<u8, String> {
    let seven_bits = byte(text).ok().filter(|address| *address <= 0x7f);
    seven_bits.ok_or_else(|| "a 7-bit address, 0x00 to 0x7f: half of the 8-bit one".to_owned())
}
