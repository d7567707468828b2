//! The kinds of likely causes: as exact as what came back allows, and no more.
//!
//! Programs can count on them and manuals can be looked up by them, where the words of
//! [`Advice`](super::Advice) are for people and change.

use ipmi_session::console::{Failure, Presence, SessionError, Stage, Unreachable};
use ipmi_wire::cmd::app::SendMessage;
use ipmi_wire::session::RmcpPlusStatus;
use ipmi_wire::{Access, CompletionCode};

use crate::error::{Error, ErrorKind};
use crate::location::Location;
use crate::outcome::Verdict;

/// Declares the causes and the list of them.
macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What an error most likely comes from.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Cause {
            $($(#[$doc])* $name,)*
        }

        impl Cause {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

causes! {
    /// Nothing comes back, not even from the network.
    Silence,
    /// A machine is there, and nobody listens at the port.
    PortClosed,
    /// No machine has this address.
    HostUnreachable,
    /// There is no way to its network.
    NetworkUnreachable,
    /// A firewall says no.
    Prohibited,
    /// Something answers RMCP's ping, and says that it has no IPMI.
    NoIpmi,
    /// Something answers RMCP's ping and says that it has IPMI, and answers nothing of IPMI.
    IpmiSilent,
    /// The BMC says that it has RMCP+, and does not answer Open Session.
    RmcpPlusSilent,
    /// The BMC has IPMI v1.5 only.
    Ipmi15Only,
    /// The BMC fell silent in the middle of the handshake of RMCP+.
    SilentInHandshake,
    /// Nothing answers IPMI v1.5.
    Silence15,
    /// The BMC fell silent in the middle of the login of IPMI v1.5.
    SilentInHandshake15,
    /// None of the cipher suites that were tried is one of the BMC's.
    CipherSuites,
    /// There is no such user, or the user may not use this channel.
    UnknownUser,
    /// User or channel are limited to less privilege.
    PrivilegeLimit,
    /// All session slots are taken.
    NoSlots,
    /// The password is wrong.
    WrongPassword,
    /// `K_G` is wrong; the password is right.
    WrongKg,
    /// The BMC refused the session with a status that says no more.
    SessionRefused,
    /// The BMC lets nobody log in by IPMI v1.5, or not by this authentication type.
    Ipmi15Refused,
    /// Answers have wrong authentication codes: they may be from anybody.
    WrongCode,
    /// The password is longer than IPMI v1.5 has room for.
    PasswordTooLong,
    /// An authentication type of IPMI v1.5 that is not spoken here.
    UnsupportedAuthType,
    /// A cipher suite that is not spoken here.
    UnsupportedSuite,
    /// The BMC no longer answers in the session.
    SessionLost,
    /// The session could not be raised to the privilege that the command needs.
    PrivilegeNotRaised,
    /// No controller has this address behind the BMC.
    NobodyBehind,
    /// A controller behind the BMC does not answer, and the BMC does.
    SilentBehind,
    /// The BMC does not pass messages on, or not on this channel.
    NotPassedOn,
    /// The request does not fit a packet.
    RequestTooLong,
    /// The answer to a command that must not run twice was lost; nothing proves what became of it.
    OutcomeUnknown,
    /// The answer was lost; it is proven that nothing was done.
    NotDone,
    /// The answer was lost; it is proven that it was done.
    Done,
    /// The command needs more privilege than the session has.
    InsufficientPrivilege,
    /// The BMC does not have the command.
    NotServed,
    /// The machine is in a state that does not allow it.
    WrongState,
    /// The BMC answers that before a login only.
    BeforeLoginOnly,
    /// The BMC is busy, or starting.
    Busy,
    /// The BMC understood the command, and declined.
    Declined,
    /// What the BMC sends is not what the specification says.
    Firmware,
    /// This BMC, or a thing of its, does not allow what is wanted. Nothing was sent.
    NotPossible,
    /// This machine has no socket or no route.
    ThisMachine,
    /// The modules are not loaded that lead to the machine's own BMC.
    NoDriver,
    /// They are, and have found no BMC.
    NoBmcFound,
    /// A driver has found a BMC, and there is no device node.
    NoDeviceNode,
    /// The device node is not for this user.
    MayNotOpenDevice,
    /// The device takes nobody more.
    DeviceBusy,
    /// What was named is no IPMI device.
    NotAnIpmiDevice,
    /// The machine's own BMC does not answer its kernel.
    SilentDevice,
    /// The program is ending.
    ShuttingDown,
}

impl Error {
    /// What this most likely comes from.
    #[must_use]
    pub fn cause(&self) -> Cause {
        match &*self.kind {
            ErrorKind::Call(Failure::NoAnswer { .. }) if self.is_local() => Cause::SilentDevice,
            ErrorKind::Io(error) if self.is_of_device() => of_device(error),
            ErrorKind::EndpointGone if self.is_of_device() => Cause::NotAnIpmiDevice,
            // The kernel's own words for it, and those of QEMU.
            ErrorKind::Refused { completion: CompletionCode::TIMEOUT, .. } if self.is_local() => {
                Cause::SilentDevice
            }
            ErrorKind::Session(error) => of_session(error),
            ErrorKind::Call(failure) => of_call(failure),
            ErrorKind::AnswerLost(outcome) => match outcome.verdict {
                Verdict::Unknown => Cause::OutcomeUnknown,
                Verdict::NotDone => Cause::NotDone,
                Verdict::Happened => Cause::Done,
            },
            ErrorKind::Refused { completion, access, .. } => of_refusal(*completion, *access),
            ErrorKind::Malformed { .. } | ErrorKind::Inconsistent(_) => Cause::Firmware,
            ErrorKind::NotPossible(_) => Cause::NotPossible,
            ErrorKind::Io(_) => Cause::ThisMachine,
            ErrorKind::EndpointGone => Cause::ShuttingDown,
        }
    }

    /// Whether it is about the BMC of this machine itself.
    fn is_local(&self) -> bool {
        self.is_of_device() && self.behind.is_none()
    }

    fn is_of_device(&self) -> bool {
        matches!(self.location, Some(Location::Device(_)))
    }

    /// Whether the BMC refuses a command for want of privilege that by its definition needs no more
    /// than the session has: some say this of commands that they do not have.
    pub(super) fn is_oddly_refused(&self, access: Option<Access>) -> bool {
        matches!(access, Some(Access::Session(needed)) if needed <= self.privilege)
    }
}

/// What the system says of a device that was open: its driver may be gone, or have too much to do.
fn of_device(error: &std::io::Error) -> Cause {
    match rustix::io::Errno::from_io_error(error) {
        Some(rustix::io::Errno::BUSY) => Cause::DeviceBusy,
        _ => Cause::NotAnIpmiDevice,
    }
}

const fn of_network(what: Unreachable) -> Cause {
    match what {
        Unreachable::Port => Cause::PortClosed,
        Unreachable::Host => Cause::HostUnreachable,
        Unreachable::Network => Cause::NetworkUnreachable,
        Unreachable::Prohibited => Cause::Prohibited,
    }
}

fn of_session(error: &SessionError) -> Cause {
    match error {
        SessionError::Unreachable { what, .. } => of_network(*what),
        SessionError::NoAnswer { stage, .. } => match stage {
            Stage::OpenSession => Cause::Silence,
            Stage::Rakp1 | Stage::Rakp3 => Cause::SilentInHandshake,
            Stage::Capabilities => Cause::Silence15,
            Stage::SessionChallenge | Stage::ActivateSession => Cause::SilentInHandshake15,
        },
        SessionError::Ignored { presence, .. } => match presence {
            Presence::Rmcp { ipmi: false } => Cause::NoIpmi,
            Presence::Rmcp { ipmi: true } => Cause::IpmiSilent,
            Presence::Ipmi | Presence::Ipmi20 => Cause::RmcpPlusSilent,
            Presence::Ipmi15Only => Cause::Ipmi15Only,
        },
        SessionError::SuitesRefused(_) => Cause::CipherSuites,
        SessionError::Refused { status, .. } => of_status(*status),
        SessionError::Refused15 { stage, completion, .. } => of_refusal15(*stage, *completion),
        SessionError::WrongCode { .. } => Cause::WrongCode,
        SessionError::PasswordTooLong(_) => Cause::PasswordTooLong,
        SessionError::UnsupportedAuthType(_) => Cause::UnsupportedAuthType,
        SessionError::WrongPassword => Cause::WrongPassword,
        SessionError::WrongKg => Cause::WrongKg,
        SessionError::Lost => Cause::SessionLost,
        SessionError::UnsupportedSuite(_) => Cause::UnsupportedSuite,
        _ => Cause::Firmware,
    }
}

fn of_status(status: RmcpPlusStatus) -> Cause {
    match status {
        RmcpPlusStatus::UNAUTHORIZED_NAME => Cause::UnknownUser,
        RmcpPlusStatus::UNAUTHORIZED_ROLE | RmcpPlusStatus::INVALID_ROLE => Cause::PrivilegeLimit,
        RmcpPlusStatus::INSUFFICIENT_RESOURCES
        | RmcpPlusStatus::INSUFFICIENT_RESOURCES_FOR_ROLE => Cause::NoSlots,
        RmcpPlusStatus::INVALID_INTEGRITY_CHECK_VALUE => Cause::WrongPassword,
        _ => Cause::SessionRefused,
    }
}

/// Source of the codes: IPMI v2.0 §22.16 for the challenge, §22.17 for the activation.
const fn of_refusal15(stage: Stage, completion: CompletionCode) -> Cause {
    match (stage, completion.0) {
        (Stage::SessionChallenge, 0x81 | 0x82) => Cause::UnknownUser,
        (Stage::ActivateSession, 0x81..=0x83) => Cause::NoSlots,
        (Stage::ActivateSession, 0x86) => Cause::PrivilegeLimit,
        _ => Cause::Ipmi15Refused,
    }
}

const fn of_call(failure: &Failure) -> Cause {
    match failure {
        Failure::Uncertain => Cause::OutcomeUnknown,
        Failure::WrongCode { .. } => Cause::WrongCode,
        Failure::Unreachable(what) => of_network(*what),
        Failure::Interrupted => Cause::ShuttingDown,
        Failure::NoAnswer { .. } | Failure::NotSent => Cause::SessionLost,
        Failure::PrivilegeRefused { .. } => Cause::PrivilegeNotRaised,
        Failure::SilentBehind { .. } => Cause::SilentBehind,
        Failure::NotPassedOn { completion, .. } => of_bridge(*completion),
        _ => Cause::RequestTooLong,
    }
}

/// Of an answer to Send Message. IPMI v2.0 §5.2, §22.7.
const fn of_bridge(completion: CompletionCode) -> Cause {
    match completion {
        SendMessage::NAK_ON_WRITE
        | CompletionCode::DESTINATION_UNAVAILABLE
        | CompletionCode::TIMEOUT => Cause::NobodyBehind,
        CompletionCode::INSUFFICIENT_PRIVILEGE => Cause::InsufficientPrivilege,
        CompletionCode::NODE_BUSY => Cause::Busy,
        _ => Cause::NotPassedOn,
    }
}

const fn of_refusal(completion: CompletionCode, access: Option<Access>) -> Cause {
    match completion {
        CompletionCode::INSUFFICIENT_PRIVILEGE => Cause::InsufficientPrivilege,
        CompletionCode::INVALID_COMMAND | CompletionCode::INVALID_FOR_LUN => Cause::NotServed,
        // OpenIPMI's ipmi_sim, for example.
        CompletionCode::NOT_SUPPORTED_IN_STATE if matches!(access, Some(Access::PreSession)) => {
            Cause::BeforeLoginOnly
        }
        CompletionCode::NOT_SUPPORTED_IN_STATE => Cause::WrongState,
        CompletionCode::NODE_BUSY
        | CompletionCode::TIMEOUT
        | CompletionCode::BMC_INITIALIZING
        | CompletionCode::SDR_UPDATE_MODE
        | CompletionCode::FIRMWARE_UPDATE_MODE => Cause::Busy,
        _ => Cause::Declined,
    }
}
