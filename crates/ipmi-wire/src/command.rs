//! The spine: a command is defined once, for both ends.
//!
//! The client encodes the request and decodes the response; the BMC does the opposite; the decoder
//! of captures and the fuzz targets do all four. To add a command: one file under `cmd/`, one line
//! in its `mod.rs`, one handler in `ipmi-bmc`.

use core::fmt;

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::completion::CompletionCode;
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// A request whose identity, manners and response type are known at compile time.
pub trait Command: Encode + Decode + fmt::Debug {
    /// What comes back after completion code 00h.
    type Response: Encode + Decode + fmt::Debug;

    /// Network function and number.
    const ID: CommandId;
    /// The specification's title of the command.
    const NAME: &'static str;
    /// Where the specification defines it, for example `IPMI v2.0 §20.1`.
    const SECTION: &'static str;
    /// Who may run it; the BMC enforces this, the client quotes it.
    const ACCESS: Access;

    /// What a repetition of this very request would do; decides how a lost answer is handled.
    fn effect(&self) -> Effect {
        Effect::Read
    }

    /// Reads the response to this request. Surplus bytes are left to the caller.
    ///
    /// # Errors
    /// See [`DecodeError`].
    fn decode_response(&self, r: &mut Reader<'_>) -> Result<Self::Response, DecodeError> {
        Self::Response::decode(r)
    }

    /// The meaning of the completion codes that this command defines for itself.
    #[must_use]
    fn explain(code: CompletionCode) -> Option<&'static str> {
        let _ = code;
        None
    }
}

/// Who may run a command.
///
/// Source: IPMI v2.0 Appendix G.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Anyone, even before a session exists.
    PreSession,
    /// Inside a session of at least this privilege level, and on the system interface.
    Session(Privilege),
    /// Only on the system interface.
    SystemInterfaceOnly,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PreSession => f.write_str("anyone, before a session"),
            Self::Session(privilege) => privilege.fmt(f),
            Self::SystemInterfaceOnly => f.write_str("the system interface only"),
        }
    }
}

/// What happens when a request is carried out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing changes, however often.
    Read,
    /// The second time changes nothing more.
    Idempotent,
    /// Every time counts: never resent blindly.
    Once,
}

/// A request in transport-independent form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    /// Network function.
    pub netfn: crate::netfn::NetFn,
    /// Logical unit of the responder, 0 to 3.
    pub lun: u8,
    /// Command number.
    pub cmd: u8,
    /// Everything after the command number, group and OEM bodies included.
    pub data: Vec<u8>,
}

impl Request {
    /// The request that `command` stands for, to LUN 0.
    #[must_use]
    pub fn of<C: Command>(command: &C) -> Self {
        Self { netfn: C::ID.netfn, lun: 0, cmd: C::ID.cmd, data: command.to_bytes() }
    }
}

/// A response in transport-independent form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Response {
    /// Completion code.
    pub completion: CompletionCode,
    /// Everything after it.
    pub data: Vec<u8>,
}

/// What stands between the command number and the checksums, if there are any.
impl Encode for Response {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.completion.0);
        out.extend_from_slice(&self.data);
    }
}

impl Decode for Response {
    /// Takes the whole input.
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let completion = CompletionCode(r.u8("completion code")?);
        Ok(Self { completion, data: r.take_rest().to_vec() })
    }
}

impl Response {
    /// A bare completion code.
    #[must_use]
    pub const fn code(completion: CompletionCode) -> Self {
        Self { completion, data: Vec::new() }
    }

    /// Success with `data`.
    #[must_use]
    pub fn ok(data: &impl Encode) -> Self {
        Self { completion: CompletionCode::OK, data: data.to_bytes() }
    }
}

/// What decoding and encoding again gives.
pub type Reencoded = Result<Vec<u8>, DecodeError>;

/// One line of the registry: a command seen without its type.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The specification's title.
    pub name: &'static str,
    /// Where the specification defines it.
    pub section: &'static str,
    /// Network function and number.
    pub id: CommandId,
    /// Who may run it.
    pub access: Access,
    /// Describes request data; an error if it is not such a request.
    pub describe_request: fn(&[u8]) -> Result<String, DecodeError>,
    /// Describes response data (after the completion code), given the request's.
    pub describe_response: fn(&[u8], &[u8]) -> Result<String, DecodeError>,
    /// Decodes request data and encodes it again.
    pub reencode_request: fn(&[u8]) -> Reencoded,
    /// Decodes response data, given the request's, and encodes it again.
    pub reencode_response: fn(&[u8], &[u8]) -> Reencoded,
    /// What a repetition of this request would do.
    pub effect: fn(&[u8]) -> Result<Effect, DecodeError>,
    /// The command's own completion codes.
    pub explain: fn(CompletionCode) -> Option<&'static str>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({} {})", self.name, self.id)
    }
}

impl Entry {
    /// The entry of `C`.
    #[must_use]
    pub const fn of<C: Command>() -> Self {
        Self {
            name: C::NAME,
            section: C::SECTION,
            id: C::ID,
            access: C::ACCESS,
            describe_request: |data| C::decode_exact(data).map(|c| format!("{c:?}")),
            describe_response: |request, data| {
                let command = C::decode_exact(request)?;
                command.decode_response(&mut Reader::new(data)).map(|r| format!("{r:?}"))
            },
            reencode_request: |data| C::decode_exact(data).map(|c| c.to_bytes()),
            reencode_response: |request, data| {
                let command = C::decode_exact(request)?;
                command.decode_response(&mut Reader::new(data)).map(|r| r.to_bytes())
            },
            effect: |data| C::decode_exact(data).map(|c| c.effect()),
            explain: C::explain,
        }
    }
}

/// Encodes and decodes a unit struct: a request without data.
macro_rules! no_request_data {
    ($command:ident) => {
        impl $crate::codec::Encode for $command {
            fn encode(&self, _: &mut Vec<u8>) {}
        }

        impl $crate::codec::Decode for $command {
            fn decode(
                _: &mut $crate::codec::Reader<'_>,
            ) -> Result<Self, $crate::codec::DecodeError> {
                Ok(Self)
            }
        }
    };
}
pub(crate) use no_request_data;

/// Declares the modules of a network function's commands and collects their registry entries.
macro_rules! commands {
    ($($module:ident: $($command:ident),+;)*) => {
        $(mod $module; pub use $module::*;)*

        /// The commands of this network function, by number.
        pub(crate) const ENTRIES: &[$crate::command::Entry] =
            &[$($($crate::command::Entry::of::<$command>(),)+)*];
    };
}
pub(crate) use commands;
