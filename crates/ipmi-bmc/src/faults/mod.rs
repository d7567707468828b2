//! What real BMCs get wrong beyond their sessions, put on by name for tests of consoles: bad lines,
//! answers that are not what was asked for, settings that do not stay.
//!
//! Nothing of it is in the handlers. A request passes through here before it is carried out
//! ([`instead`]) and its answer afterwards ([`spoil`]), as bytes, which is how the defects were seen;
//! datagrams pass through [`line`] on their way in and out. With no faults on, none of that is there.
//! Departures in the sessions themselves are [`ipmi_session::Quirk`]s.
//!
//! * `facts`: what is known of each, from which `docs/quirks.md` is made; `name`: as people type them;
//! * `line`: late, lost and jumbled; `answers`: any answer; `records`: SDR, SEL, FRU, sensors;
//!   `settings`: users, channels, LAN, boot options, watchdog.

mod answers;
mod facts;
mod line;
mod name;
mod records;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Instant;

use ipmi_wire::{CommandId, NetFn, Request, Response, registry};

use crate::bmc::Bmc;
use crate::context::Context;
use line::Line;
pub(crate) use line::Way;

pub use facts::{FaultFacts, FaultGroup, Parameter};
pub use name::UnknownFault;

/// Something that a BMC does wrong.
///
/// The names are FreeIPMI's where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[non_exhaustive]
pub enum FaultKind {
    /// Every answer comes late.
    Delay,
    /// Datagrams are lost, in both directions.
    Drop,
    /// A request that does not wait for the answer to the last one gets none.
    PressedDrop,
    /// The answer to such a request begins with the one before.
    PressedMerge,
    /// The answer to such a request comes first.
    PressedReorder,
    /// Every so many requests one is refused with C0h.
    Busy,
    /// Answers lack their last bytes.
    ShortAnswer,
    /// Answers go on after their end.
    LongAnswer,
    /// The GUID is not what it was.
    NewGuid,
    /// The GUID is written as in SMBIOS.
    GuidFormat,
    /// The last SDR is followed by the first.
    AssumeMaxSdrRecordCount,
    /// The repository says that it has more records than it has.
    SdrCount,
    /// A whole record that is asked for comes in part.
    SdrShortRead,
    /// A whole record that is asked for is followed by more.
    SdrExcess,
    /// The last SDR cannot be read.
    SdrLastUnreadable,
    /// Records carry another ID than the one that they have.
    SdrWrongId,
    /// Get SDR Repository Info is refused.
    SdrInfoDenied,
    /// Sensors say that they are another controller's.
    AssumeBmcOwner,
    /// The log says that it has more entries than it has.
    SelCount,
    /// Get SEL Entry is not there.
    NoSelEntry,
    /// Reserve SEL is not there.
    NoSelReserve,
    /// Events have an illegal record type.
    AssumeSystemEvent,
    /// Checksums in inventories are wrong.
    SkipChecks,
    /// Inventories are announced, and not there.
    NoFru,
    /// Sensors say that they are not scanned.
    IgnoreScanningDisabled,
    /// Some sensors are refused with a code.
    SensorCode,
    /// Sensor readings come without states.
    ShortStates,
    /// Set User Password wants a password where none is needed.
    EnableNeedsPassword,
    /// A user cannot be enabled before there is a password.
    PasswordFirst,
    /// A user cannot be asked about before there is a name.
    NameFirst,
    /// A name that is set again is refused.
    SameName,
    /// Short passwords are refused with a code of its own.
    PasswordPolicy,
    /// After a user was changed the BMC is busy.
    BusyAfterUser,
    /// The privilege of a user whom nobody has set up is a reserved number.
    ReservedLimit,
    /// What is set less than a second after the last setting is acknowledged and lost.
    SlowCommit,
    /// A hardware address that is set is acknowledged and lost.
    MacIgnored,
    /// A parameter that cannot be set is refused with another code.
    ReadOnlyCode,
    /// A subnet mask that is set clears the gateway.
    MaskClearsGateway,
    /// Non-volatile channel settings change the volatile ones, too.
    NvChangesVolatile,
    /// The SOL channel's number is one that there is not.
    SolChannelAssumeLanChannel,
    /// Get Channel Payload Support is not there.
    SolChannelSupport,
    /// Get Payload Activation Status is refused.
    SolStatus,
    /// Boot options are followed by more.
    BootExtra,
    /// Names of operating systems come in part.
    OsNameShort,
    /// System info is refused.
    SysInfoDenied,
    /// The watchdog says that it runs, always.
    IgnoreStateFlag,
    /// Every other answer of the watchdog is empty.
    WatchdogEmpty,
}

/// A fault that is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// How much, in the unit of its [`Parameter`]; of no meaning for one without.
    pub amount: u32,
}

/// The faults that are on, and what they need to remember.
#[derive(Debug)]
pub(crate) struct Faults {
    on: Vec<Fault>,
    line: Line,
    /// Requests so far, for what happens every so often.
    requests: u32,
    /// The last answer of the watchdog had nothing in it.
    watchdog_was_empty: bool,
    /// So many requests more are refused as busy.
    busy_for: u32,
    /// When something was last set.
    set_at: Option<Instant>,
}

impl Faults {
    /// These faults; `None` for none, which costs nothing.
    pub(crate) fn new(on: &[Fault]) -> Option<Box<Self>> {
        (!on.is_empty()).then(|| {
            Box::new(Self {
                on: on.to_vec(),
                line: Line::default(),
                requests: 0,
                watchdog_was_empty: false,
                busy_for: 0,
                set_at: None,
            })
        })
    }

    pub(crate) fn on(&self) -> &[Fault] {
        &self.on
    }

    pub(crate) fn has(&self, kind: FaultKind) -> bool {
        self.amount(kind).is_some()
    }

    /// How much of it; `None` if it is off.
    pub(crate) fn amount(&self, kind: FaultKind) -> Option<u32> {
        self.on.iter().find(|fault| fault.kind == kind).map(|fault| fault.amount)
    }
}

/// What is answered instead of carrying the request out, if anything is.
pub(crate) fn instead(bmc: &mut Bmc, context: &Context, request: &Request) -> Option<Response> {
    let id = registry::identify(request);
    answers::instead(bmc, id).or_else(|| settings::instead(bmc, context, id, request))
}

/// Makes of an answer what this BMC makes of it.
pub(crate) fn spoil(bmc: &mut Bmc, context: &Context, request: &Request, response: &mut Response) {
    let id = registry::identify(request);
    records::spoil(bmc, context, id, request, response);
    settings::spoil(bmc, context, id, request, response);
    answers::spoil(bmc, id, response);
}

/// What sets sessions up and ends them is spoilt by quirks alone.
const fn is_about_sessions(id: CommandId) -> bool {
    matches!((id.netfn, id.cmd), (NetFn::App, 0x38..=0x3c | 0x54))
}
