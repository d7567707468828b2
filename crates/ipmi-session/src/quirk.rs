//! Where real BMCs depart from the specification of sessions, by name: what a BMC of ours can be
//! told to do, and what a console of ours does about it.

mod facts;
mod name;

pub use facts::{Facts, Handling, Layer};

/// A departure from the specification.
///
/// The names are FreeIPMI's where it has one (`research/freeipmi.md` §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[non_exhaustive]
pub enum Quirk {
    /// IPMI v1.5: replies carry session ID 0 after activation.
    IdZero,
    /// IPMI v1.5: per-message authentication is off, yet replies carry a code.
    UnexpectedAuth,
    /// IPMI v1.5: per-message authentication is said to be off, but is required.
    ForcePerMsg,
    /// IPMI v1.5: session sequence numbers are byte-swapped.
    EndianSeq,
    /// IPMI v1.5: replies carry wrong authentication codes.
    NoAuthCodeCheck,
    /// Get Channel Authentication Capabilities lies about users, types or `K_g`.
    AuthCap,
    /// The checksums of messages are wrong.
    NoChecksumCheck,
    /// Intel's first RMCP+: the name hashed with its padding, the check value of RAKP 4 made with
    /// the integrity algorithm.
    Intel20,
    /// RAKP 2's code is one byte too long.
    Supermicro20,
    /// RAKP 2's code has the wrong length, and keys are derived from Open Session's privilege.
    Sun20,
    /// Keys are derived from Open Session's privilege, or it is echoed as 0.
    OpenSessPriv,
    /// Suite 0: RAKP 4 carries a check value.
    IntegrityCheckValue,
    /// RAKP 2 brings a new random number for every copy of RAKP 1.
    FreshNonce,
    /// A refusal in the handshake names neither the message's tag nor the console's session ID.
    VagueRefusal,
    /// Session sequence numbers go up by two.
    SeqByTwo,
    /// A disabled suite is refused with a status that is not about suites.
    SuiteRefusedAsRole,
    /// A suite is advertised and refused.
    SuiteAdvertised,
    /// Close Session is not answered.
    SilentClose,
    /// IPMI v1.5: a repeated Get Session Challenge is not answered.
    LostChallenge,
    /// IPMI v1.5: the BMC's session sequence number is one more than agreed.
    SeqOffByOne,
    /// IPMI v1.5: Activate Session is refused unless the privilege asked for is the user's limit.
    ExactPrivilege,
    /// The handshake takes a second for each answer.
    SlowHandshake,
    /// A packet that was seen already is carried out again.
    AcceptsReplays,
    /// Get Channel Cipher Suites counts suites from 1.
    SuitesFromOne,
    /// A refusal of Open Session ends after its status.
    ShortRefusal,
}

impl Quirk {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 25] = [
        Self::IdZero,
        Self::UnexpectedAuth,
        Self::ForcePerMsg,
        Self::EndianSeq,
        Self::NoAuthCodeCheck,
        Self::AuthCap,
        Self::NoChecksumCheck,
        Self::Intel20,
        Self::Supermicro20,
        Self::Sun20,
        Self::OpenSessPriv,
        Self::IntegrityCheckValue,
        Self::FreshNonce,
        Self::VagueRefusal,
        Self::SeqByTwo,
        Self::SuiteRefusedAsRole,
        Self::SuiteAdvertised,
        Self::SilentClose,
        Self::LostChallenge,
        Self::SeqOffByOne,
        Self::ExactPrivilege,
        Self::SlowHandshake,
        Self::AcceptsReplays,
        Self::SuitesFromOne,
        Self::ShortRefusal,
    ];

    /// The name, as configuration and FreeIPMI's `-W` spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::IdZero => "idzero",
            Self::UnexpectedAuth => "unexpectedauth",
            Self::ForcePerMsg => "forcepermsg",
            Self::EndianSeq => "endianseq",
            Self::NoAuthCodeCheck => "noauthcodecheck",
            Self::AuthCap => "authcap",
            Self::NoChecksumCheck => "nochecksumcheck",
            Self::Intel20 => "intel20",
            Self::Supermicro20 => "supermicro20",
            Self::Sun20 => "sun20",
            Self::OpenSessPriv => "opensesspriv",
            Self::IntegrityCheckValue => "integritycheckvalue",
            Self::FreshNonce => "freshnonce",
            Self::VagueRefusal => "vaguerefusal",
            Self::SeqByTwo => "seqbytwo",
            Self::SuiteRefusedAsRole => "suiterefusedasrole",
            Self::SuiteAdvertised => "suiteadvertised",
            Self::SilentClose => "silentclose",
            Self::LostChallenge => "lostchallenge",
            Self::SeqOffByOne => "seqoffbyone",
            Self::ExactPrivilege => "exactprivilege",
            Self::SlowHandshake => "slowhandshake",
            Self::AcceptsReplays => "acceptsreplays",
            Self::SuitesFromOne => "suitesfromone",
            Self::ShortRefusal => "shortrefusal",
        }
    }
}

/// A set of quirks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quirks(u32);

impl Quirks {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// This set, and `quirk`.
    #[must_use]
    pub const fn with(self, quirk: Quirk) -> Self {
        Self(self.0 | 1 << quirk as u8)
    }

    /// Whether `quirk` is in it.
    #[must_use]
    pub const fn has(self, quirk: Quirk) -> bool {
        self.0 & 1 << quirk as u8 != 0
    }

    /// Whether there is none in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Adds one.
    pub const fn insert(&mut self, quirk: Quirk) {
        *self = self.with(quirk);
    }

    /// Those in it, in the order of the documentation.
    pub fn iter(self) -> impl Iterator<Item = Quirk> {
        Quirk::ALL.into_iter().filter(move |quirk| self.has(*quirk))
    }
}

impl FromIterator<Quirk> for Quirks {
    fn from_iter<I: IntoIterator<Item = Quirk>>(quirks: I) -> Self {
        quirks.into_iter().fold(Self::NONE, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_name_and_a_bit_of_its_own() {
        let mut all = Quirks::NONE;
        for quirk in Quirk::ALL {
            assert!(!all.has(quirk), "{quirk:?}");
            all.insert(quirk);
            assert!(all.has(quirk));
            assert_eq!(Quirk::from_name(quirk.name()), Some(quirk));
        }
        assert_eq!(all.iter().collect::<Vec<_>>(), Quirk::ALL);
        assert_eq!(Quirk::from_name("none"), None);
    }

    #[test]
    fn what_costs_security_is_never_done_unasked() {
        for quirk in Quirk::ALL {
            let facts = quirk.facts();
            let asks = facts.handling != Handling::Automatic;
            assert_eq!(facts.weakens.is_some(), asks, "{quirk:?}");
        }
    }
}
