//! `lantern.toml`: what an administrator's side knows of BMCs before it has talked to any.
//!
//! Several files are read, laid one over the other, and every value keeps where it is from. All
//! mistakes of all files are found, each with file, line, column and what would be right. There are
//! no secrets in any of them, only where secrets are kept: whoever has a terminal, an environment
//! and processes fetches them from there.
//!
//! [`ConsoleFile`] is the file of a console server, read in the same way.
//!
//! A crate of its own, so that whatever talks to BMCs can read it, and the fuzzer too.

mod consoles;
mod credential;
mod entry;
mod file;
mod host;
mod merge;
mod mistake;
mod origin;
mod pattern;
mod places;
pub mod words;

pub use consoles::{ConsoleEntry, ConsoleFile, console_name};
pub use credential::{Credential, Kept};
pub use entry::{Entry, Form, Row, Shown};
pub use file::{File, Group, Host};
pub use host::Effective;
pub use merge::Config;
pub use mistake::Mistake;
pub use origin::{Layer, Origin, Value};
pub use pattern::Pattern;
pub use places::{Explicit, Place, Places};
