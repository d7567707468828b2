//! The codes of errors: what scripts can count on and manuals can be looked up by.
//!
//! A code belongs to a cause, not to a command, and keeps its meaning for ever; new ones get new
//! numbers. `lantern explain CODE` and `docs/errors.md` have the texts.

mod table;

use std::fmt;

use ipmi_client::Cause;
use schemars::JsonSchema;
use serde::Serialize;

/// A code: `L` and four digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Code(u16);

/// What there is to say of a code.
#[derive(Debug)]
pub(crate) struct Explained {
    pub(crate) code: Code,
    /// The cause, in a few words.
    pub(crate) title: &'static str,
    /// How it comes about, and how it is told from its likes.
    pub(crate) means: &'static str,
    /// What to do, in this order.
    pub(crate) steps: &'static [&'static str],
}

impl Code {
    pub(crate) const USAGE: Self = Self(1);
    pub(crate) const NOT_CONFIRMED: Self = Self(2);
    pub(crate) const INTERRUPTED: Self = Self(3);
    pub(crate) const UNKNOWN_HOST: Self = Self(101);
    pub(crate) const NO_SESSION: Self = Self(301);
    pub(crate) const OUTCOME_UNKNOWN: Self = Self(601);
    pub(crate) const FAILED: Self = Self(701);
    pub(crate) const FILE: Self = Self(702);
    pub(crate) const CONTROL_SOCKET: Self = Self(801);

    /// The code in a word such as `L0103`, `l103` or `103`.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let digits = word.strip_prefix(['L', 'l']).unwrap_or(word);
        let known = digits.chars().all(|digit| digit.is_ascii_digit());
        let code = digits.parse().ok().filter(|_| known).map(Self)?;
        code.explained().map(|explained| explained.code)
    }

    /// What there is to say of it.
    pub(crate) fn explained(self) -> Option<&'static Explained> {
        table::TABLE.iter().find(|explained| explained.code == self)
    }

    /// All there are, by number.
    pub(crate) fn all() -> &'static [Explained] {
        table::TABLE
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "L{:04}", self.0)
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Code {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^L[0-9]{4}$" })
    }
}

impl From<Cause> for Code {
    fn from(cause: Cause) -> Self {
        Self(match cause {
            Cause::Silence => 102,
            Cause::PortClosed => 103,
            Cause::HostUnreachable => 104,
            Cause::NetworkUnreachable => 105,
            Cause::Prohibited => 106,
            Cause::NoIpmi => 107,
            Cause::IpmiSilent => 108,
            Cause::RmcpPlusSilent => 109,
            Cause::Ipmi15Only => 110,
            Cause::Silence15 => 111,
            Cause::ThisMachine => 112,
            Cause::SilentInHandshake => 201,
            Cause::SilentInHandshake15 => 202,
            Cause::CipherSuites => 203,
            Cause::UnknownUser => 204,
            Cause::WrongPassword => 205,
            Cause::WrongKg => 206,
            Cause::PrivilegeLimit => 207,
            Cause::NoSlots => 208,
            Cause::SessionRefused => 209,
            Cause::Ipmi15Refused => 210,
            Cause::WrongCode => 211,
            Cause::PasswordTooLong => 212,
            Cause::UnsupportedAuthType => 213,
            Cause::UnsupportedSuite => 214,
            Cause::SessionLost => 301,
            Cause::PrivilegeNotRaised => 302,
            Cause::RequestTooLong => 303,
            Cause::ShuttingDown => 304,
            Cause::NobodyBehind => 305,
            Cause::SilentBehind => 306,
            Cause::NotPassedOn => 307,
            Cause::InsufficientPrivilege => 401,
            Cause::NotServed => 402,
            Cause::WrongState => 403,
            Cause::Busy => 404,
            Cause::Declined => 405,
            Cause::NotPossible => 406,
            Cause::BeforeLoginOnly => 407,
            Cause::Firmware => 501,
            Cause::NoDriver => 901,
            Cause::NoBmcFound => 902,
            Cause::NoDeviceNode => 903,
            Cause::MayNotOpenDevice => 904,
            Cause::DeviceBusy => 905,
            Cause::NotAnIpmiDevice => 906,
            Cause::SilentDevice => 907,
            Cause::OutcomeUnknown => 601,
            Cause::NotDone => 602,
            Cause::Done => 603,
            // A test holds that there are none.
            _ => 701,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fmt::Write;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_cause_has_a_code_of_its_own_and_every_code_a_text() {
        let codes: HashSet<_> = Cause::ALL.iter().map(|cause| Code::from(*cause).0).collect();
        assert_eq!(codes.len(), Cause::ALL.len());
        assert!(!codes.contains(&Code::FAILED.0), "a cause was forgotten");
        for code in codes.into_iter().map(Code).chain([
            Code::USAGE,
            Code::NOT_CONFIRMED,
            Code::INTERRUPTED,
            Code::UNKNOWN_HOST,
            Code::NO_SESSION,
            Code::OUTCOME_UNKNOWN,
            Code::FAILED,
            Code::FILE,
            Code::CONTROL_SOCKET,
        ]) {
            assert!(code.explained().is_some(), "{code} has no text");
        }
        assert!(Code::all().is_sorted_by(|a, b| a.code < b.code));
    }

    #[test]
    fn codes_are_found_as_people_write_them() {
        for word in ["L0103", "l0103", "L103", "103"] {
            assert_eq!(Code::parse(word).unwrap().to_string(), "L0103", "{word}");
        }
        for word in ["", "L", "L9999", "L-1", "+103", "E0103", "L0103x"] {
            assert_eq!(Code::parse(word), None, "{word}");
        }
    }

    /// `LANTERN_DOCS=write` renews the page.
    #[test]
    fn the_page_of_all_codes_is_what_explain_says() {
        let mut page = "# Error codes\n\nEvery error of `lantern` has a code, `code` in JSON. `lantern explain CODE` \
             says the same as this page, which is written\nfrom the table in \
             `crates/lantern/src/codes/`.\n"
            .to_owned();
        for Explained { code, title, means, steps } in Code::all() {
            write!(page, "\n## {code}: {title}\n\n{means}\n\n").unwrap();
            for (n, step) in steps.iter().enumerate() {
                writeln!(page, "{}. {step}", n + 1).unwrap();
            }
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
        if std::env::var_os("LANTERN_DOCS").is_some_and(|what| what == "write") {
            std::fs::write(&path, &page).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == page, "run LANTERN_DOCS=write cargo test -p lantern --bins");
    }
}
