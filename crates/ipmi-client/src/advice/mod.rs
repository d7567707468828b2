//! The likely cause of an error, and what to do next.

mod cause;

use ipmi_session::console::Failure;
use ipmi_wire::{Access, CompletionCode};

pub use cause::Cause;

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
        let cause = self.cause();
        let (why, next) = fixed(cause);
        Advice {
            cause: self.cause_here(cause).unwrap_or_else(|| why.to_owned()),
            next: self.next_here(cause).unwrap_or_else(|| next.to_owned()),
        }
    }

    /// The cause, where it has names in it or depends on more.
    fn cause_here(&self, cause: Cause) -> Option<String> {
        let (user, privilege) = (&self.user, self.privilege);
        Some(match (cause, &*self.kind) {
            (Cause::UnknownUser, _) => {
                format!("the BMC has no enabled user '{user}' who may log in on this channel")
            }
            (Cause::PrivilegeLimit, _) => {
                format!("user '{user}' or the channel is limited to less than {privilege}")
            }
            (Cause::WrongPassword, _) => format!("wrong password for user '{user}'"),
            (Cause::WrongCode, ErrorKind::Session(_)) => format!(
                "a wrong password for user '{user}'; or a BMC whose answers carry codes that \
                 nobody can check (FreeIPMI's workaround noauthcodecheck), which would let \
                 anybody on the network answer in its name"
            ),
            (
                Cause::PrivilegeNotRaised,
                ErrorKind::Call(Failure::PrivilegeRefused { wanted, .. }),
            ) => {
                format!("the user or the channel may not have {wanted}")
            }
            (Cause::PortClosed, ErrorKind::Call(_)) => {
                "the BMC closed its port in the middle of a session: its network service restarts"
                    .to_owned()
            }
            (Cause::ShuttingDown, ErrorKind::Call(_)) => {
                "this program closed the session while the BMC was still at it".to_owned()
            }
            (Cause::OutcomeUnknown, ErrorKind::Call(_)) => {
                "the request or its answer was lost, or the BMC was busy acting on it".to_owned()
            }
            (Cause::SessionLost, ErrorKind::Call(_)) => {
                "the BMC stopped answering in the middle of a session: it restarts, hangs, or the \
                 network fails"
                    .to_owned()
            }
            (Cause::InsufficientPrivilege, ErrorKind::Refused { access, .. }) => match access {
                Some(Access::Session(needed)) if self.is_oddly_refused(*access) => format!(
                    "the BMC does not let {privilege} do this, although the command needs only \
                     {needed}: its firmware firewall keeps it back on this channel, or the \
                     firmware has a rule of its own, or no such command"
                ),
                Some(needed) => {
                    format!("the command needs {needed}; the session was opened for {privilege}")
                }
                None => format!("the command needs more than {privilege}"),
            },
            (Cause::Declined, ErrorKind::Refused { completion, .. })
                if *completion == CompletionCode::SUBFUNCTION_DISABLED =>
            {
                "the BMC's firmware firewall keeps this part of the command back on this channel, \
                 or the BMC has no such part"
                    .to_owned()
            }
            _ => return None,
        })
    }

    /// The next step, where it has names in it or depends on more.
    fn next_here(&self, cause: Cause) -> Option<String> {
        let user = &self.user;
        Some(match (cause, &*self.kind) {
            (Cause::SilentInHandshake, _) => {
                format!("try again; then check that user '{user}' exists on the BMC")
            }
            (Cause::SilentInHandshake15, _) => {
                format!("check the password of user '{user}', then try again")
            }
            (
                Cause::InsufficientPrivilege,
                ErrorKind::Refused { access: Some(Access::SystemInterfaceOnly), .. },
            ) => "run it on the machine itself: this BMC does not take it from the network"
                .to_owned(),
            (Cause::InsufficientPrivilege, ErrorKind::Refused { access, .. })
                if self.is_oddly_refused(*access) =>
            {
                format!(
                    "see whether it is disabled: 'firewall info --command \"{}\"'; else use a user \
                     with more privilege, or ask for it with -L",
                    self.doing
                )
            }
            (Cause::Declined, ErrorKind::Refused { completion, .. })
                if *completion == CompletionCode::SUBFUNCTION_DISABLED =>
            {
                format!("see what is disabled: 'firewall info --command \"{}\"'", self.doing)
            }
            (Cause::Firmware, ErrorKind::Session(_)) => format!(
                "try another suite with -C, or a privilege other than {} with -L",
                self.privilege
            ),
            (Cause::WrongCode, ErrorKind::Call(_)) => {
                "update the BMC's firmware; if it speaks IPMI 2.0, use that and suite 17 or 3"
                    .to_owned()
            }
            (Cause::PortClosed, ErrorKind::Call(_)) => "try again in a minute".to_owned(),
            (Cause::OutcomeUnknown, ErrorKind::Call(_)) => {
                "look at the present state before you repeat it: it was sent once only, because \
                 every time counts"
                    .to_owned()
            }
            (Cause::SessionLost, ErrorKind::Call(_)) => {
                "try again; a BMC that stays silent can be reset from its host".to_owned()
            }
            (Cause::ShuttingDown, ErrorKind::Call(_)) => {
                "try again; it was a command that may be repeated".to_owned()
            }
            _ => return None,
        })
    }
}

/// Cause and next step where neither depends on anything else.
const fn fixed(cause: Cause) -> (&'static str, &'static str) {
    match cause {
        Cause::Silence => (
            "nothing at this address answers, and the network says nothing either: wrong address, a \
             firewall that drops UDP, a BMC that is off or hung, or IPMI over LAN is disabled",
            "ping the address; check that UDP port 623 is open on the way; on the host itself, \
             'lantern lan show' without -H shows the BMC's LAN settings, and 'lantern mc reset cold' \
             wakes one that hangs",
        ),
        Cause::PortClosed => (
            "a machine is there, but nothing listens on this UDP port: IPMI over LAN is disabled, \
             the BMC's network service is restarting, or this is not the BMC's address",
            "check the address and the port (-p); enable IPMI over LAN on the BMC; if it was just \
             reset, try again in a minute",
        ),
        Cause::HostUnreachable => (
            "no machine answers for this address: the BMC has no power or no link, or the address \
             is wrong",
            "check the address, the BMC's network cable and its VLAN; its own settings show on the \
             host: 'lantern lan show' there, without -H",
        ),
        Cause::NetworkUnreachable => (
            "there is no way to this network from here",
            "check the address, and this machine's routes ('ip route get ADDRESS'); a VPN may be \
             down",
        ),
        Cause::Prohibited => (
            "a firewall on the way refuses it and says so",
            "have UDP port 623 opened between this machine and the BMC, or work from one that may",
        ),
        Cause::NoIpmi => (
            "this is a machine with ASF or DASH management and no IPMI",
            "check the address: it may be the host's network card, and the BMC has another",
        ),
        Cause::IpmiSilent => (
            "packets get there and back, but nothing of IPMI is answered: IPMI over LAN is disabled, \
             or the BMC's IPMI service hangs while its network card answers for it",
            "look whether IPMI over LAN is enabled on the BMC; if it is, reset the BMC from its host \
             ('lantern mc reset cold' there, without -H) or by its web page",
        ),
        Cause::RmcpPlusSilent => (
            "the BMC is well enough to answer, but not this: it is overloaded, drops logins after too \
             many wrong ones, or its RMCP+ service hangs",
            "wait a minute and try again; then reset the BMC from its host ('lantern mc reset cold' \
             there, without -H) or by its web page",
        ),
        Cause::Ipmi15Only => (
            "old firmware, or IPMI 2.0 is switched off in its settings",
            "switch IPMI 2.0 (RMCP+) on, or update the firmware; if you must, --allow-ipmi15 logs in \
             without encryption",
        ),
        Cause::SilentInHandshake => (
            "the BMC answered Open Session and then fell silent: it is overloaded, resets, or drops \
             what it should refuse (an unknown user, on some firmware)",
            "try again",
        ),
        Cause::Silence15 => (
            "nothing at this address speaks IPMI 1.5, and the network says nothing either: wrong \
             address, a firewall that drops UDP, a BMC that is off or hung",
            "try without --allow-ipmi15: many BMCs speak IPMI 2.0 only; ping the address",
        ),
        Cause::SilentInHandshake15 => (
            "the BMC speaks IPMI 1.5 and then fell silent: a wrong password, which some do not \
             answer, an overloaded BMC, or one that restarts",
            "check the password, then try again",
        ),
        Cause::CipherSuites => (
            "the BMC's cipher suites and ours do not meet: old firmware without suite 17, or suites \
             disabled in its settings",
            "list what it offers ('ipmitool channel getciphers ipmi'); choose with -C; suites \
             without encryption have to be asked for explicitly",
        ),
        Cause::UnknownUser => (
            "the BMC has no such enabled user on this channel",
            "check the spelling, and that the user is enabled and has access to the channel",
        ),
        Cause::PrivilegeLimit => (
            "the user or the channel is limited to less privilege",
            "ask for less with -L USER or -L OPERATOR, or raise the user's privilege",
        ),
        Cause::NoSlots => (
            "all session slots are taken: of the BMC, or of this user",
            "wait a minute for idle sessions to expire, end others, or reset the BMC",
        ),
        Cause::WrongPassword => (
            "wrong password",
            "check the password; passwords beyond 16 bytes need a BMC that was given all 20",
        ),
        Cause::WrongKg => (
            "the password is right, but the BMC has another key K_g than was given",
            "give the K_g that is set on the BMC, or none if it has none",
        ),
        Cause::SessionRefused => (
            "the BMC's firmware or settings forbid this kind of session",
            "try -C 3, and a lower privilege with -L",
        ),
        Cause::Ipmi15Refused => (
            "the BMC does not let anybody log in by IPMI 1.5, or not with this authentication type",
            "leave out --allow-ipmi15, or try another type with -A",
        ),
        Cause::WrongCode => (
            "somebody else answers in the BMC's name, or its firmware makes wrong codes (FreeIPMI's \
             workaround noauthcodecheck); believing them would let anybody answer",
            "check the password; if it is right, update the BMC's firmware, or use IPMI 2.0: such \
             answers are never believed here",
        ),
        Cause::PasswordTooLong => (
            "IPMI 1.5 has 16 bytes for a password; nothing is ever cut, because a BMC that compares \
             all of it would refuse the rest",
            "log in by IPMI 2.0 (leave out --allow-ipmi15), or give the user a password of 16 bytes \
             at most",
        ),
        Cause::UnsupportedAuthType => (
            "this authentication type is not spoken here",
            "use -A md5, or leave out --allow-ipmi15",
        ),
        Cause::UnsupportedSuite => ("this suite is not spoken here", "use -C 17 or -C 3"),
        Cause::SessionLost => (
            "the BMC has restarted and forgotten the session, or the network fails",
            "try again in a minute",
        ),
        Cause::PrivilegeNotRaised => (
            "the user or the channel may not have the privilege that this needs",
            "use a user with that privilege",
        ),
        Cause::RequestTooLong => ("the request cannot be sent", "shorten the request's data"),
        Cause::OutcomeUnknown => (
            "the request or its answer was lost, or the BMC was busy acting on it; what was seen \
             since may have been so before",
            "look at the machine itself before you repeat it: it was sent once only, because every \
             time counts",
        ),
        Cause::NotDone => (
            "the request was lost on the way, or the BMC dropped it",
            "repeat it: nothing was done yet",
        ),
        Cause::Done => ("its answer was lost", "nothing: it is done"),
        Cause::InsufficientPrivilege => (
            "the command needs more privilege",
            "use a user with that privilege, or ask for it with -L",
        ),
        Cause::NotServed => {
            ("this BMC does not serve the command", "look for a vendor command or newer firmware")
        }
        Cause::WrongState => (
            "the machine is not in a state for it, for example off",
            "look at 'power status' first",
        ),
        Cause::NobodyBehind => (
            "no controller has this address on this channel, or it has no power",
            "check address and channel: 'sdr list mc' shows the controllers that the BMC knows of",
        ),
        Cause::SilentBehind => (
            "the BMC has passed the request on; the controller is off or hung, or the address is that \
             of a chip without IPMI",
            "try again; check the address: 'sdr list mc' shows the controllers that the BMC knows of",
        ),
        Cause::NotPassedOn => (
            "the BMC does not pass messages on, has no such channel, or has trouble with its bus",
            "check the channel ('channel info'): 0 is the primary IPMB",
        ),
        Cause::BeforeLoginOnly => (
            "this BMC answers that before a login only, not in a session",
            "nothing: the login itself has found out what it takes",
        ),
        Cause::Busy => ("the BMC is busy or still starting", "try again in a while"),
        Cause::Declined => (
            "the BMC understood the command and declined it",
            "check the arguments against what this BMC supports",
        ),
        Cause::Firmware => (
            "the BMC's firmware departs from the specification",
            "compare with the firmware's release notes; report the bytes above",
        ),
        Cause::NotPossible => (
            "this BMC, or this thing of its, does not allow it",
            "choose what its records offer: 'sdr list' and 'sensor list' show them",
        ),
        Cause::ThisMachine => (
            "this machine, not the BMC: no socket, or no route",
            "check the network set-up of this machine",
        ),
        Cause::NoDriver => (
            "the kernel's IPMI modules are not loaded",
            "as root: 'modprobe -a ipmi_msghandler ipmi_devintf ipmi_si', or 'lantern local load'",
        ),
        Cause::NoBmcFound => (
            "the kernel's IPMI modules are there, and found no BMC",
            "see 'lantern local status' and 'dmesg | grep -i ipmi'",
        ),
        Cause::NoDeviceNode => (
            "the driver has found a BMC, and there is no such device node",
            "see 'lantern local status'; choose another node with --local-device",
        ),
        Cause::MayNotOpenDevice => ("the device node is not for this user", "run it with sudo"),
        Cause::DeviceBusy => (
            "the kernel lets only so many use a BMC at a time",
            "see who has the device open: 'fuser -v /dev/ipmi0'; then try again",
        ),
        Cause::NotAnIpmiDevice => (
            "this is no IPMI device, or its driver is gone",
            "'lantern local status' shows which nodes there are",
        ),
        Cause::SilentDevice => (
            "the kernel has passed it on, and the BMC of this machine does not answer: it hangs, or \
             restarts",
            "wait a minute and try again; see 'dmesg | grep -i ipmi'; else take the machine's power \
             away for a minute",
        ),
        Cause::ShuttingDown => {
            ("this program is shutting down", "nothing: the command was interrupted")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use ipmi_session::console::{Presence, SessionError, Stage, Unreachable};
    use ipmi_wire::Privilege;
    use ipmi_wire::session::{CipherSuite, Username};

    use super::*;
    use crate::outcome::{Outcome, Verdict};

    fn advice(kind: ErrorKind) -> Advice {
        let user = Username::new(b"admin").unwrap();
        let privilege = Privilege::Operator;
        Error {
            location: None,
            behind: None,
            doing: "log in",
            user,
            privilege,
            kind: Box::new(kind),
        }
        .advice()
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
    fn what_is_there_and_does_not_answer_open_session_is_told_apart() {
        let all: Vec<_> = [
            Presence::Rmcp { ipmi: false },
            Presence::Rmcp { ipmi: true },
            Presence::Ipmi20,
            Presence::Ipmi15Only,
        ]
        .map(|presence| {
            let waited = Duration::from_secs(5);
            advice(ErrorKind::Session(SessionError::Ignored { presence, sent: 6, waited }))
        })
        .into();
        let next: HashSet<_> = all.iter().map(|advice| &advice.next).collect();
        assert_eq!(next.len(), all.len());
        assert!(all[3].next.contains("--allow-ipmi15"));
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
