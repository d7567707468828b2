//! The likely cause of an error, and what to do next.

use ipmi_session::console::{Failure, SessionError, Stage};
use ipmi_wire::session::RmcpPlusStatus;
use ipmi_wire::{Access, CompletionCode};

use crate::error::{Error, ErrorKind};

/// What an error most likely means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The likely cause.
    pub cause: String,
    /// The next step.
    pub next: String,
}

impl Error {
    /// The likely cause and the next step.
    #[must_use]
    pub fn advice(&self) -> Advice {
        let (cause, next) = match &*self.kind {
            ErrorKind::Session(error) => self.session_advice(error),
            ErrorKind::Call(failure) => call_advice(failure),
            ErrorKind::Refused { completion, access, .. } => {
                self.refusal_advice(*completion, *access)
            }
            ErrorKind::Malformed { .. } | ErrorKind::Inconsistent(_) => (
                "the BMC's firmware departs from the specification".to_owned(),
                "compare with the firmware's release notes; report the bytes above".to_owned(),
            ),
            ErrorKind::NotPossible(_) => (
                "this BMC, or this thing of its, does not allow it".to_owned(),
                "choose what its records offer: 'sdr list' and 'sensor list' show them".to_owned(),
            ),
            ErrorKind::Io(_) => (
                "this machine, not the BMC: no socket, or no route".to_owned(),
                "check the network set-up of this machine".to_owned(),
            ),
            ErrorKind::EndpointGone => (
                "this program is shutting down".to_owned(),
                "nothing: the command was interrupted".to_owned(),
            ),
        };
        Advice { cause, next }
    }

    fn session_advice(&self, error: &SessionError) -> (String, String) {
        let user = &self.user;
        let privilege = self.privilege;
        let (cause, next) = match error {
            SessionError::NoAnswer { stage: Stage::OpenSession, .. } => (
                "nothing at this address speaks RMCP+: wrong address or port, a firewall that \
                 drops UDP, a BMC that is off or hung, or IPMI over LAN is disabled"
                    .to_owned(),
                "ping the address; check that UDP port 623 is open on the way; from the host \
                 itself, look at the BMC's LAN settings and whether IPMI over LAN is enabled"
                    .to_owned(),
            ),
            SessionError::NoAnswer { .. } => (
                "the BMC answered Open Session and then fell silent: it is overloaded, resets, \
                 or drops what it should refuse (an unknown user, on some firmware)"
                    .to_owned(),
                format!("try again; then check that user '{user}' exists on the BMC"),
            ),
            SessionError::SuitesRefused(_) => (
                "the BMC's cipher suites and ours do not meet: old firmware without suite 17, or \
                 suites disabled in its settings"
                    .to_owned(),
                "list what it offers ('ipmitool channel getciphers ipmi'); choose with -C; \
                 suites without encryption have to be asked for explicitly"
                    .to_owned(),
            ),
            SessionError::Refused { status, .. } => return self.status_advice(*status),
            SessionError::WrongPassword => (
                format!("wrong password for user '{user}'"),
                "check the password; passwords beyond 16 bytes need a BMC that was given all 20"
                    .to_owned(),
            ),
            SessionError::WrongKg => (
                "the password is right, but the BMC has another key K_g than was given".to_owned(),
                "give the K_g that is set on the BMC, or none if it has none".to_owned(),
            ),
            SessionError::UnsupportedSuite(_) => {
                ("this suite is not spoken here".to_owned(), "use -C 17 or -C 3".to_owned())
            }
            _ => (
                "the BMC's firmware departs from the specification".to_owned(),
                format!("try another suite with -C, or a privilege other than {privilege} with -L"),
            ),
        };
        (cause, next)
    }

    fn status_advice(&self, status: RmcpPlusStatus) -> (String, String) {
        let user = &self.user;
        let privilege = self.privilege;
        match status {
            RmcpPlusStatus::UNAUTHORIZED_NAME => (
                format!("the BMC has no enabled user '{user}' on this channel"),
                "check the spelling, and that the user is enabled and has access to the channel"
                    .to_owned(),
            ),
            RmcpPlusStatus::UNAUTHORIZED_ROLE | RmcpPlusStatus::INVALID_ROLE => (
                format!("user '{user}' or the channel is limited to less than {privilege}"),
                "ask for less with -L USER or -L OPERATOR, or raise the user's privilege"
                    .to_owned(),
            ),
            RmcpPlusStatus::INSUFFICIENT_RESOURCES
            | RmcpPlusStatus::INSUFFICIENT_RESOURCES_FOR_ROLE => (
                "all session slots of the BMC are taken".to_owned(),
                "wait a minute for idle sessions to expire, end others, or reset the BMC"
                    .to_owned(),
            ),
            RmcpPlusStatus::INVALID_INTEGRITY_CHECK_VALUE => (
                format!("the BMC does not accept our proof: wrong password for user '{user}'"),
                "check the password".to_owned(),
            ),
            _ => (
                "the BMC's firmware or settings forbid this kind of session".to_owned(),
                "try -C 3, and a lower privilege with -L".to_owned(),
            ),
        }
    }

    fn refusal_advice(
        &self,
        completion: CompletionCode,
        access: Option<Access>,
    ) -> (String, String) {
        match completion {
            CompletionCode::INSUFFICIENT_PRIVILEGE => (
                match access {
                    // It should do: some BMCs say this of commands that they do not have.
                    Some(Access::Session(needed)) if needed <= self.privilege => format!(
                        "the BMC does not let {} do this, although the command needs only {needed}: \
                         its firmware has a rule of its own, or no such command",
                        self.privilege
                    ),
                    Some(needed) => format!(
                        "the command needs {needed}; the session was opened for {}",
                        self.privilege
                    ),
                    None => format!("the command needs more than {}", self.privilege),
                },
                "use a user with that privilege, or ask for it with -L".to_owned(),
            ),
            CompletionCode::INVALID_COMMAND | CompletionCode::INVALID_FOR_LUN => (
                "this BMC does not serve the command".to_owned(),
                "look for a vendor command or newer firmware".to_owned(),
            ),
            CompletionCode::NOT_SUPPORTED_IN_STATE => (
                "the machine is not in a state for it, for example off".to_owned(),
                "look at 'power status' first".to_owned(),
            ),
            CompletionCode::NODE_BUSY
            | CompletionCode::TIMEOUT
            | CompletionCode::BMC_INITIALIZING
            | CompletionCode::SDR_UPDATE_MODE
            | CompletionCode::FIRMWARE_UPDATE_MODE => {
                ("the BMC is busy or still starting".to_owned(), "try again in a while".to_owned())
            }
            _ => (
                "the BMC understood the command and declined it".to_owned(),
                "check the arguments against what this BMC supports".to_owned(),
            ),
        }
    }
}

fn call_advice(failure: &Failure) -> (String, String) {
    match failure {
        Failure::Uncertain => (
            "the request or its answer was lost, or the BMC was busy acting on it".to_owned(),
            "look at the present state before you repeat it: it was sent once only, because every \
             time counts"
                .to_owned(),
        ),
        Failure::Interrupted => (
            "this program closed the session while the BMC was still at it".to_owned(),
            "try again; it was a command that may be repeated".to_owned(),
        ),
        Failure::NoAnswer { .. } | Failure::NotSent => (
            "the BMC stopped answering in the middle of a session: it restarts, hangs, or the \
             network fails"
                .to_owned(),
            "try again; a BMC that stays silent can be reset from its host".to_owned(),
        ),
        Failure::PrivilegeRefused { wanted, .. } => (
            format!("the user or the channel may not have {wanted}"),
            "use a user with that privilege".to_owned(),
        ),
        _ => ("the request cannot be sent".to_owned(), "shorten the request's data".to_owned()),
    }
}
