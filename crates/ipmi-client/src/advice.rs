//! The likely cause of an error, and what to do next.

use ipmi_session::console::{Failure, SessionError, Stage, Unreachable};
use ipmi_wire::session::RmcpPlusStatus;
use ipmi_wire::{Access, CompletionCode};

use crate::error::{Error, ErrorKind};
use crate::outcome::Verdict;

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
            ErrorKind::AnswerLost(outcome) => outcome_advice(outcome.verdict),
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
            SessionError::Unreachable { what, .. } => return unreachable_advice(*what),
            SessionError::NoAnswer { stage: Stage::OpenSession, .. } => (
                "nothing at this address speaks RMCP+, and the network says nothing either: wrong \
                 address, a firewall that drops UDP, a BMC that is off or hung, or IPMI over LAN \
                 is disabled"
                    .to_owned(),
                "ping the address; check that UDP port 623 is open on the way; from the host \
                 itself, look at the BMC's LAN settings and whether IPMI over LAN is enabled"
                    .to_owned(),
            ),
            SessionError::NoAnswer { stage: Stage::Capabilities, .. } => (
                "nothing at this address speaks IPMI 1.5, and the network says nothing either: \
                 wrong address, a firewall that drops UDP, a BMC that is off or hung"
                    .to_owned(),
                "try without --allow-ipmi15: many BMCs speak IPMI 2.0 only; ping the address"
                    .to_owned(),
            ),
            SessionError::NoAnswer {
                stage: Stage::SessionChallenge | Stage::ActivateSession,
                ..
            } => (
                "the BMC speaks IPMI 1.5 and then fell silent: a wrong password, which some do not \
                 answer, an overloaded BMC, or one that restarts"
                    .to_owned(),
                format!("check the password of user '{user}', then try again"),
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
            SessionError::Refused15 { stage, completion, .. } => {
                return self.refusal15_advice(*stage, *completion);
            }
            SessionError::WrongCode { .. } => (
                format!(
                    "a wrong password for user '{user}'; or a BMC whose answers carry codes that \
                     nobody can check (FreeIPMI's workaround noauthcodecheck), which would let \
                     anybody on the network answer in its name"
                ),
                "check the password; if it is right, update the BMC's firmware, or use IPMI 2.0: \
                 such answers are never believed here"
                    .to_owned(),
            ),
            SessionError::PasswordTooLong(_) => (
                "IPMI 1.5 has 16 bytes for a password; nothing is ever cut, because a BMC that \
                 compares all of it would refuse the rest"
                    .to_owned(),
                "log in by IPMI 2.0 (leave out --allow-ipmi15), or give the user a password of 16 \
                 bytes at most"
                    .to_owned(),
            ),
            SessionError::UnsupportedAuthType(_) => (
                "this authentication type is not spoken here".to_owned(),
                "use -A md5, or leave out --allow-ipmi15".to_owned(),
            ),
            SessionError::Lost => (
                "the BMC has restarted and forgotten the session, or the network fails".to_owned(),
                "try again in a minute".to_owned(),
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

    fn refusal15_advice(&self, stage: Stage, completion: CompletionCode) -> (String, String) {
        let user = &self.user;
        // Source of the codes: IPMI v2.0 §22.16 for the challenge, §22.17 for the activation.
        match (stage, completion.0) {
            (Stage::SessionChallenge, 0x81 | 0x82) => (
                format!("the BMC has no enabled user '{user}' who may log in by IPMI 1.5"),
                "check the spelling, and that the user is enabled and has access to the channel"
                    .to_owned(),
            ),
            (Stage::ActivateSession, 0x81..=0x83) => (
                format!("all session slots are taken: of the BMC, or of user '{user}'"),
                "wait a minute for idle sessions to expire, end others, or reset the BMC"
                    .to_owned(),
            ),
            (Stage::ActivateSession, 0x86) => (
                format!("user '{user}' or the channel is limited to less than {}", self.privilege),
                "ask for less with -L USER or -L OPERATOR, or raise the user's privilege"
                    .to_owned(),
            ),
            _ => (
                "the BMC does not let anybody log in by IPMI 1.5, or not with this authentication \
                 type"
                    .to_owned(),
                "leave out --allow-ipmi15, or try another type with -A".to_owned(),
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
                match access {
                    Some(Access::SystemInterfaceOnly) => {
                        "run it on the machine itself: this BMC does not take it from the network"
                    }
                    _ => "use a user with that privilege, or ask for it with -L",
                }
                .to_owned(),
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

/// What the network's word means for whoever wants to reach a BMC.
fn unreachable_advice(what: Unreachable) -> (String, String) {
    let (cause, next) = match what {
        Unreachable::Port => (
            "a machine is there, but nothing listens on this UDP port: IPMI over LAN is disabled, \
             the BMC's network service is restarting, or this is not the BMC's address",
            "check the address and the port (-p); enable IPMI over LAN on the BMC; if it was just \
             reset, try again in a minute",
        ),
        Unreachable::Host => (
            "no machine answers for this address: the BMC has no power or no link, or the address \
             is wrong",
            "check the address, the BMC's network cable and its VLAN; its own settings show on the \
             host: 'ipmitool lan print'",
        ),
        Unreachable::Network => (
            "there is no way to this network from here",
            "check the address, and this machine's routes ('ip route get ADDRESS'); a VPN may be \
             down",
        ),
        Unreachable::Prohibited => (
            "a firewall on the way refuses it and says so",
            "have UDP port 623 opened between this machine and the BMC, or work from one that may",
        ),
    };
    (cause.to_owned(), next.to_owned())
}

fn outcome_advice(verdict: Verdict) -> (String, String) {
    let (cause, next) = match verdict {
        Verdict::Unknown => (
            "the request or its answer was lost, or the BMC was busy acting on it; what was seen \
             since may have been so before",
            "look at the machine itself before you repeat it: it was sent once only, because every \
             time counts",
        ),
        Verdict::NotDone => (
            "the request was lost on the way, or the BMC dropped it",
            "repeat it: nothing was done yet",
        ),
        Verdict::Happened => ("its answer was lost", "nothing: it is done"),
    };
    (cause.to_owned(), next.to_owned())
}

fn call_advice(failure: &Failure) -> (String, String) {
    match failure {
        Failure::Uncertain => (
            "the request or its answer was lost, or the BMC was busy acting on it".to_owned(),
            "look at the present state before you repeat it: it was sent once only, because every \
             time counts"
                .to_owned(),
        ),
        Failure::WrongCode { .. } => (
            "somebody else answers in the BMC's name, or its firmware makes wrong codes (FreeIPMI's \
             workaround noauthcodecheck); believing them would let anybody answer"
                .to_owned(),
            "update the BMC's firmware; if it speaks IPMI 2.0, use that and suite 17 or 3"
                .to_owned(),
        ),
        Failure::Unreachable(Unreachable::Port) => (
            "the BMC closed its port in the middle of a session: its network service restarts"
                .to_owned(),
            "try again in a minute".to_owned(),
        ),
        Failure::Unreachable(what) => unreachable_advice(*what),
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use ipmi_wire::Privilege;
    use ipmi_wire::session::{CipherSuite, Username};

    use super::*;
    use crate::outcome::Outcome;

    fn advice(kind: ErrorKind) -> Advice {
        let user = Username::new(b"admin").unwrap();
        let privilege = Privilege::Operator;
        Error { address: None, doing: "log in", user, privilege, kind: Box::new(kind) }.advice()
    }

    #[test]
    fn a_closed_port_a_dead_host_and_a_firewall_each_have_their_own_cause_and_next_step() {
        use Unreachable::{Host, Network, Port, Prohibited};
        let stage = Stage::OpenSession;
        let silent = SessionError::NoAnswer { stage, sent: 6, waited: Duration::from_secs(5) };
        let mut all = vec![advice(ErrorKind::Session(silent))];
        for what in [Port, Host, Network, Prohibited] {
            all.push(advice(ErrorKind::Session(SessionError::Unreachable { stage, what })));
        }
        let causes: HashSet<_> = all.iter().map(|advice| &advice.cause).collect();
        let next: HashSet<_> = all.iter().map(|advice| &advice.next).collect();
        assert_eq!((causes.len(), next.len()), (all.len(), all.len()));
        assert!(all[1].cause.contains("nothing listens on this UDP port"));
        assert!(all[2].cause.contains("no machine answers"));
        assert!(all[4].cause.contains("firewall"));
    }

    #[test]
    fn only_what_was_proven_not_done_is_to_be_repeated_without_a_look() {
        let next =
            |verdict| advice(ErrorKind::AnswerLost(Outcome { verdict, seen: Vec::new() })).next;
        assert!(next(Verdict::NotDone).starts_with("repeat it"));
        assert!(next(Verdict::Unknown).starts_with("look at the machine itself"));
        let plain = advice(ErrorKind::Call(Failure::Uncertain)).next;
        assert!(plain.starts_with("look at the present state"));
    }

    #[test]
    fn the_session_errors_of_ipmi_15_are_not_mistaken_for_those_of_2_0() {
        let refused = |stage, code| {
            let completion = CompletionCode(code);
            let error = SessionError::Refused15 { stage, completion, explained: None };
            advice(ErrorKind::Session(error)).cause
        };
        assert!(refused(Stage::SessionChallenge, 0x81).contains("no enabled user 'admin'"));
        assert!(refused(Stage::ActivateSession, 0x81).contains("session slots"));
        assert!(refused(Stage::ActivateSession, 0x86).contains("less than OPERATOR"));
        assert!(refused(Stage::SessionChallenge, 0xc1).contains("by IPMI 1.5"));
        let long = advice(ErrorKind::Session(SessionError::PasswordTooLong(17)));
        assert!(long.cause.contains("nothing is ever cut"));
        let code = advice(ErrorKind::Session(SessionError::WrongCode { stage: Stage::Rakp3 }));
        assert!(code.cause.contains("noauthcodecheck") && code.next.contains("never believed"));
        assert!(advice(ErrorKind::Session(SessionError::Lost)).cause.contains("restarted"));
        let suite = SessionError::UnsupportedSuite(Some(CipherSuite(4)));
        assert!(advice(ErrorKind::Session(suite)).next.contains("-C 17"));
    }
}
