//! `fru` as it is typed.

use std::path::PathBuf;

use clap::Subcommand;

use super::words::byte;

#[derive(Debug, Subcommand)]
pub(crate) enum Fru {
    /// Which devices there are
    List,
    /// What devices say, area by area
    Print {
        /// Device [default: all of them]
        #[arg(value_parser = byte)]
        id: Option<u8>,
    },
    /// Write a device's memory to a file
    Read {
        /// Device
        #[arg(value_parser = byte)]
        id: u8,
        /// - is standard output
        file: PathBuf,
    },
    /// Write a file to a device's memory, and read it back
    Write {
        /// Device
        #[arg(value_parser = byte)]
        id: u8,
        /// As 'fru read' writes it
        file: PathBuf,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// Write what is no FRU information, too
        #[arg(long)]
        force: bool,
    },
    /// Change one field
    #[command(after_help = FIELDS)]
    #[command(override_usage = "lantern fru edit [OPTIONS] <ID> <AREA.FIELD> <VALUE>")]
    Edit {
        /// Device
        #[arg(value_parser = byte)]
        id: u8,
        /// Where, and what: product.serial VALUE, or product serial VALUE
        #[arg(value_names = ["AREA.FIELD", "VALUE"], num_args = 2..=3, required = true)]
        words: Vec<String>,
    },
    /// What a file says, as 'fru read' writes it; nothing is sent
    Decode {
        /// - is standard input
        file: PathBuf,
    },
    /// Not supported, and says why
    #[command(name = "upgEkey", alias = "upgekey", hide = true)]
    UpgEkey {
        #[arg(hide = true, num_args = 0..)]
        rest: Vec<String>,
    },
}

const FIELDS: &str = "\
Fields:
  chassis  part, serial
  board    manufacturer, product, serial, part, file
  product  manufacturer, name, part, version, serial, asset, file
and in each area custom1, custom2, ...; the one after the last is added.

What an area holds beside the field stays as it is, checksums follow, and the device is read back.";
