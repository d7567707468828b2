//! IPMI 2.0 on the wire: packets, commands and records, from bytes to values and back.
//!
//! Both ends of the protocol share these types: a client encodes requests and decodes responses, a
//! BMC does the opposite. Nothing here knows sockets, clocks or sessions' state.
//!
//! * [`rmcp`], [`session`], [`lan`]: what surrounds a command on the network.
//! * [`interface`]: what surrounds one on the host's own interface.
//! * [`vm`]: what surrounds one between a virtual machine and its BMC.
//! * [`bridge`]: requests to a controller behind the BMC.
//! * [`software`]: messages between a console and software on the host.
//! * [`Command`] and [`cmd`]: every command, its access, its effect, its response.
//! * [`registry`]: all of them, enumerable.
//! * [`sdr`], [`sel`]: the records a BMC keeps.
//! * [`fru`]: what a unit says about itself.
//! * [`smbios`]: what a machine's firmware says of its BMC.
//! * [`enterprise`]: IANA enterprise numbers.
//! * [`vendor`]: what makers mean by what is left to them.

pub mod bridge;
pub mod cmd;
pub mod codec;
mod command;
mod completion;
pub mod enterprise;
pub mod fru;
pub mod interface;
pub mod lan;
mod netfn;
mod packed;
mod privilege;
pub mod registry;
pub mod rmcp;
pub mod sdr;
pub mod sel;
pub mod session;
pub mod smbios;
pub mod software;
pub mod vendor;
pub mod vm;

pub use codec::{Decode, DecodeError, Encode, Reader};
pub use command::{Access, Command, Effect, Entry, Reencoded, Request, Response};
pub use completion::CompletionCode;
pub use netfn::{Body, CommandId, NetFn};
pub use privilege::{Channel, Privilege};
