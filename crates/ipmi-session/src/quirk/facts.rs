//! What is known of each quirk. `docs/quirks.md` is made of it.

use core::fmt;

use super::Quirk;

/// Sessions of which protocol it concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// IPMI v1.5 only.
    Ipmi15,
    /// IPMI v1.5 and RMCP+.
    Both,
    /// RMCP+ (IPMI v2.0) only.
    RmcpPlus,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipmi15 => "IPMI 1.5",
            Self::Both => "IPMI 1.5 and RMCP+",
            Self::RmcpPlus => "RMCP+",
        })
    }
}

/// What it takes for a console of ours to get along with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Handling {
    /// Nothing: it costs no security, so it is found out and dealt with.
    Automatic,
    /// Nothing where an integrity code vouches for the packet; elsewhere the administrator's word.
    AutomaticIfAuthenticated,
    /// The administrator's word, for it cannot be told from a fault or an attack.
    Profile,
    /// No word helps: it would mean to believe anybody on the network.
    Refused,
}

impl fmt::Display for Handling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Automatic => "automatic",
            Self::AutomaticIfAuthenticated => "automatic with integrity, else by name",
            Self::Profile => "by name",
            Self::Refused => "refused",
        })
    }
}

/// What is known of a quirk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// Sessions of which protocol it concerns.
    pub layer: Layer,
    /// What an administrator sees whose program does not know it.
    pub symptom: &'static str,
    /// What the BMC does.
    pub defect: &'static str,
    /// Hardware that does so.
    pub seen_on: &'static str,
    /// What it takes to get along with it.
    pub handling: Handling,
    /// What a console of ours does.
    pub client: &'static str,
    /// What getting along with it costs in security.
    pub weakens: Option<&'static str>,
    /// Who found it.
    pub source: &'static str,
}

/// Its manual pages, under "WORKAROUNDS"; they name the hardware.
const MANUAL: &str = "FreeIPMI 1.6.10, manual pages";
/// `doc/freeipmi-bugs-issues-and-workarounds.txt`.
const CATALOGUE: &str = "FreeIPMI 1.6.10, list of issues in doc/";

impl Quirk {
    /// What is known of it.
    #[must_use]
    pub const fn facts(self) -> Facts {
        match self {
            Self::IdZero => Facts {
                layer: Layer::Ipmi15,
                symptom: "\"session timeout\" after a login that went well",
                defect: "replies carry session ID 0 once the session is active",
                seen_on: "Tyan S2882 with m3289; Xyratex HB-F8-SRAY (replies with an error)",
                handling: Handling::Automatic,
                client: "takes ID 0 for its own where the authentication code and the sequence \
                         number are right",
                weakens: None,
                source: MANUAL,
            },
            Self::UnexpectedAuth => Facts {
                layer: Layer::Ipmi15,
                symptom: "\"session timeout\" after a login that went well",
                defect: "per-message authentication is off, and replies carry a code all the same",
                seen_on: "Dell PowerEdge 2850 and SC1425",
                handling: Handling::Automatic,
                client: "checks the code, which is more than was agreed",
                weakens: None,
                source: MANUAL,
            },
            Self::ForcePerMsg => Facts {
                layer: Layer::Ipmi15,
                symptom: "\"session timeout\" after a login that went well",
                defect: "says that per-message authentication is off, and drops what has no code",
                seen_on: "IBM eServer 325; Supermicro H8QME with SIMSO",
                handling: Handling::Automatic,
                client: "puts a code into every packet, whatever the BMC says of itself",
                weakens: None,
                source: MANUAL,
            },
            Self::EndianSeq => Facts {
                layer: Layer::Ipmi15,
                symptom: "\"session timeout\" after a login that went well",
                defect: "session sequence numbers have their bytes in reverse",
                seen_on: "Sun ILOM 1 and 2; Sun Fire 4100",
                handling: Handling::Automatic,
                client: "finds its own first number in reverse in the answer to Activate Session, \
                         and reads all that follow so; reverses its own as well if a packet goes \
                         unanswered",
                weakens: None,
                source: MANUAL,
            },
            Self::NoAuthCodeCheck => Facts {
                layer: Layer::Ipmi15,
                symptom: "\"session timeout\" or \"password verification timeout\"",
                defect: "replies carry authentication codes that are wrong or blank",
                seen_on: "Xyratex HB-F8-SRAY; Intel, Quanta and Wiwynn boards for Open Compute",
                handling: Handling::Refused,
                client: "drops such replies, and says so when the time is up",
                weakens: Some(
                    "whoever can send packets could answer in the BMC's name: use RMCP+, or new \
                     firmware",
                ),
                source: MANUAL,
            },
            Self::AuthCap => Facts {
                layer: Layer::Both,
                symptom: "\"username invalid\", \"authentication type unavailable\" or \"k_g \
                          invalid\" before anything was tried",
                defect: "Get Channel Authentication Capabilities lies about users, types or K_g",
                seen_on: "Asus P5M2, P5MT-R, RS162-E4, RX4; Intel SR1520ML, X38ML; Sun Fire 2200, \
                          4150, 4450 with ELOM",
                handling: Handling::Automatic,
                client: "takes those bits for hints, and tries what it was told to; RMCP+ begins \
                         without asking",
                weakens: None,
                source: MANUAL,
            },
            Self::NoChecksumCheck => Facts {
                layer: Layer::Both,
                symptom: "\"connection timeout\", \"session timeout\" or \"password verification \
                          timeout\"",
                defect: "the two checksums inside replies of a session are wrong, the rest is right",
                seen_on: "Supermicro X9SCM-iiF, X9DRi-F, X9DRFR",
                handling: Handling::AutomaticIfAuthenticated,
                client: "does not need the checksums where an integrity code covers them; \
                         elsewhere, and in logins of IPMI 1.5, drops the reply unless told otherwise",
                weakens: Some(
                    "without integrity codes, a reply damaged on its way may be taken for a good \
                     one",
                ),
                source: MANUAL,
            },
            Self::Intel20 => Facts {
                layer: Layer::RmcpPlus,
                symptom: "\"username invalid\", \"password invalid\" or \"k_g invalid\", although \
                          they are right",
                defect: "hashes the user name with its padding to 16 bytes, cuts passwords at 16 \
                         bytes where HMAC-MD5 is used, makes the check value of RAKP 4 with the \
                         integrity algorithm",
                seen_on: "Intel SE7520AF2 with Intel Server Management Module, professional edition",
                handling: Handling::Automatic,
                client: "where RAKP 2 does not prove the password as specified, looks whether it \
                         does so in this way, without asking the BMC again",
                weakens: None,
                source: MANUAL,
            },
            Self::Supermicro20 => Facts {
                layer: Layer::RmcpPlus,
                symptom: "\"password invalid\", although it is right",
                defect: "the code in RAKP 2 is followed by one byte too many",
                seen_on: "Supermicro H8QME with SIMSO (Peppercon firmware)",
                handling: Handling::Automatic,
                client: "checks the code in its proper length, and passes over the byte",
                weakens: None,
                source: MANUAL,
            },
            Self::Sun20 => Facts {
                layer: Layer::RmcpPlus,
                symptom: "\"password invalid\" or \"bmc error\"",
                defect: "as supermicro20 for suites with HMAC-SHA1, and as opensesspriv",
                seen_on: "Sun Fire 4100, 4200, 4500 with ILOM",
                handling: Handling::Automatic,
                client: "does what it does for those two",
                weakens: None,
                source: MANUAL,
            },
            Self::OpenSessPriv => Facts {
                layer: Layer::RmcpPlus,
                symptom: "\"password invalid\", \"k_g invalid\", \"bad rmcpplus status code\" or \
                          \"privilege level cannot be obtained\"",
                defect: "derives keys from the privilege in Open Session instead of RAKP 1's, and \
                         echoes 0 (\"the highest\") instead of what that is",
                seen_on: "Sun Fire X4150, 4100, 4200, 4500; Inventec 5441 (Dell Xanadu II); \
                          Supermicro X8DTH, X8DTG, X8DTU; Intel S5500WBV, S2600JF; Quanta \
                          QSSC-S4R; Dell C5220; OpenIPMI's ipmi_sim",
                handling: Handling::Automatic,
                client: "asks for the wanted privilege in Open Session too, so that both are the \
                         same, and for 0 only if that is refused; where RAKP 2 fits with the other \
                         one, it goes on with that",
                weakens: None,
                source: MANUAL,
            },
            Self::IntegrityCheckValue => Facts {
                layer: Layer::RmcpPlus,
                symptom: "\"k_g invalid\" with suite 0",
                defect: "RAKP 4 of suite 0 carries a check value, where there is nothing to check",
                seen_on: "Supermicro X8DTG, X8DTU; Intel S5500WBV, S2600JF",
                handling: Handling::Automatic,
                client: "passes over it: suite 0 proves nothing with it nor without",
                weakens: None,
                source: MANUAL,
            },
            Self::FreshNonce => Facts {
                layer: Layer::RmcpPlus,
                symptom: "now and then a login is refused on a bad network: RAKP 4 says \"invalid \
                          integrity check value\"",
                defect: "draws a new random number for every copy of RAKP 1, and forgets the one \
                         that it sent before",
                seen_on: "OpenBMC (phosphor-net-ipmid)",
                handling: Handling::Automatic,
                client: "begins again where a repeated RAKP 1 is followed by that refusal, before \
                         it calls the password wrong",
                weakens: None,
                source: "source of openbmc/phosphor-net-ipmid",
            },
            Self::VagueRefusal => Facts {
                layer: Layer::RmcpPlus,
                symptom: "a wrong name ends in \"timeout\" instead of in what is wrong",
                defect: "a refused RAKP message is answered with tag 0 and session ID 0, so that \
                         nothing says whose refusal it is",
                seen_on: "OpenBMC (phosphor-net-ipmid)",
                handling: Handling::Automatic,
                client: "takes a refusal without a name for its own while it waits for that very \
                         message, but first waits whether a better answer comes",
                weakens: None,
                source: "xcat2/xcat-core, pull request 7555",
            },
            Self::SeqByTwo => Facts {
                layer: Layer::Both,
                symptom: "sessions end more often on a bad network",
                defect: "session sequence numbers of replies go up by two",
                seen_on: "ASRock MT-C224 with a shared network port",
                handling: Handling::Automatic,
                client: "takes every number of its window, whatever the steps",
                weakens: None,
                source: CATALOGUE,
            },
            Self::SuiteRefusedAsRole => Facts {
                layer: Layer::RmcpPlus,
                symptom: "\"unauthorized role\" or \"illegal parameter\" for a user who may do \
                          everything",
                defect: "refuses a disabled suite with status 0Ah or 12h, which are not about \
                         suites",
                seen_on: "Supermicro X8DTG (0Ah); MSI MS-91D2 (12h)",
                handling: Handling::Automatic,
                client: "tries the next suite after that, too, and tells of the refusal if none \
                         is left",
                weakens: None,
                source: CATALOGUE,
            },
            Self::SuiteAdvertised => Facts {
                layer: Layer::RmcpPlus,
                symptom: "\"cipher suite id unavailable\" for a suite that is on the BMC's list",
                defect: "lists a suite and refuses it",
                seen_on: "Intel S2600JF (suite 15)",
                handling: Handling::Automatic,
                client: "goes by what Open Session says, and tries the next suite",
                weakens: None,
                source: CATALOGUE,
            },
            Self::SilentClose => Facts {
                layer: Layer::Both,
                symptom: "a command that worked ends seconds late",
                defect: "does not answer Close Session, after a reset of the machine or ever",
                seen_on: "Intel SR870BN4 (Tiger 4)",
                handling: Handling::Automatic,
                client: "does not wait for that answer",
                weakens: None,
                source: CATALOGUE,
            },
            Self::LostChallenge => Facts {
                layer: Layer::Ipmi15,
                symptom: "now and then a login ends in \"connection timeout\" on a bad network",
                defect: "does not answer a second Get Session Challenge from the same UDP port",
                seen_on: "Intel SR870BN4 (Tiger 4)",
                handling: Handling::Automatic,
                client: "begins the login again after three copies; a BMC that insists on another \
                         port has it at the next run",
                weakens: None,
                source: CATALOGUE,
            },
            Self::SeqOffByOne => Facts {
                layer: Layer::Ipmi15,
                symptom: "\"session timeout\" while logging in",
                defect: "the first session sequence number of the BMC is one more than agreed",
                seen_on: "Intel SE7520JR2, SE7520AF2",
                handling: Handling::Automatic,
                client: "takes every number of its window",
                weakens: None,
                source: CATALOGUE,
            },
            Self::ExactPrivilege => Facts {
                layer: Layer::Ipmi15,
                symptom: "\"insufficient privilege\" (D4h) for less than the user may do",
                defect: "refuses Activate Session unless the privilege asked for is the user's \
                         limit",
                seen_on: "Xyratex HB-F8-SRAY",
                handling: Handling::Automatic,
                client: "asks again for the other privileges, the highest first, and uses no more \
                         of it than is needed",
                weakens: None,
                source: CATALOGUE,
            },
            Self::SlowHandshake => Facts {
                layer: Layer::Both,
                symptom: "\"bad rmcpplus status code\" or \"session timeout\"; the second try works",
                defect: "takes a second for each answer of a login, and is confused by questions \
                         that are repeated meanwhile",
                seen_on: "slow and busy BMCs of any make",
                handling: Handling::Automatic,
                client: "repeats less and less often (at most three copies in the first second), \
                         and takes the answer to any of them",
                weakens: None,
                source: "FreeIPMI 1.6.10, ipmiping(8)",
            },
            Self::AcceptsReplays => Facts {
                layer: Layer::Both,
                symptom: "\"power cycle\" cycles twice on a bad network",
                defect: "carries out a packet that it has seen already",
                seen_on: "OpenBMC (phosphor-net-ipmid): sequence numbers are not checked",
                handling: Handling::Automatic,
                client: "never repeats a command that must not run twice, unless the BMC is \
                         known to refuse replays",
                weakens: None,
                source: "source of openbmc/phosphor-net-ipmid",
            },
            Self::SuitesFromOne => Facts {
                layer: Layer::RmcpPlus,
                symptom: "no suite in common, or one that cannot work is chosen",
                defect: "numbers the suites in its list from 1, so that suite 3 is called 4",
                seen_on: "Intel S2600JF",
                handling: Handling::Automatic,
                client: "does not choose by the list: it tries the suites that it may use",
                weakens: None,
                source: CATALOGUE,
            },
            Self::ShortRefusal => Facts {
                layer: Layer::RmcpPlus,
                symptom: "a refused suite ends in \"timeout\"",
                defect: "a refusal of Open Session is cut off after its status",
                seen_on: "OpenIPMI's ipmi_sim 2.0.33",
                handling: Handling::Automatic,
                client: "reads what is there: tag and status say enough",
                weakens: None,
                source: "measured",
            },
        }
    }
}
