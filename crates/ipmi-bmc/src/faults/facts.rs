//! What is known of each fault. `docs/quirks.md` is made of it.

use core::fmt;

use super::FaultKind;

/// What it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultGroup {
    /// Datagrams on their way.
    Line,
    /// Any answer.
    Answers,
    /// SDR repository, event log, inventory, sensors.
    Records,
    /// What can be set.
    Settings,
}

impl fmt::Display for FaultGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Line => "the line",
            Self::Answers => "any answer",
            Self::Records => "records and sensors",
            Self::Settings => "settings",
        })
    }
}

/// How much of a fault there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// What is counted.
    pub what: &'static str,
    /// If nothing is said.
    pub default: u32,
    /// The least.
    pub least: u32,
    /// The most.
    pub most: u32,
}

/// What is known of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FaultFacts {
    /// The name, as the configuration spells it.
    pub name: &'static str,
    /// What it is about.
    pub group: FaultGroup,
    /// What can be said of how much of it there is.
    pub parameter: Option<Parameter>,
    /// What an administrator sees whose program does not know it.
    pub symptom: &'static str,
    /// What the BMC does.
    pub defect: &'static str,
    /// Hardware that does so.
    pub seen_on: &'static str,
    /// Who found it.
    pub source: &'static str,
}

/// Its manual pages, under "WORKAROUNDS"; they name the hardware.
const MANUAL: &str = "FreeIPMI 1.6.10, manual pages";
/// `doc/freeipmi-bugs-issues-and-workarounds.txt`.
const CATALOGUE: &str = "FreeIPMI 1.6.10, list of issues in doc/";

impl FaultKind {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 47] = [
        Self::Delay,
        Self::Drop,
        Self::PressedDrop,
        Self::PressedMerge,
        Self::PressedReorder,
        Self::Busy,
        Self::ShortAnswer,
        Self::LongAnswer,
        Self::NewGuid,
        Self::GuidFormat,
        Self::AssumeMaxSdrRecordCount,
        Self::SdrCount,
        Self::SdrShortRead,
        Self::SdrExcess,
        Self::SdrLastUnreadable,
        Self::SdrWrongId,
        Self::SdrInfoDenied,
        Self::AssumeBmcOwner,
        Self::SelCount,
        Self::NoSelEntry,
        Self::NoSelReserve,
        Self::AssumeSystemEvent,
        Self::SkipChecks,
        Self::NoFru,
        Self::IgnoreScanningDisabled,
        Self::SensorCode,
        Self::ShortStates,
        Self::EnableNeedsPassword,
        Self::PasswordFirst,
        Self::NameFirst,
        Self::SameName,
        Self::PasswordPolicy,
        Self::BusyAfterUser,
        Self::ReservedLimit,
        Self::SlowCommit,
        Self::MacIgnored,
        Self::ReadOnlyCode,
        Self::MaskClearsGateway,
        Self::NvChangesVolatile,
        Self::SolChannelAssumeLanChannel,
        Self::SolChannelSupport,
        Self::SolStatus,
        Self::BootExtra,
        Self::OsNameShort,
        Self::SysInfoDenied,
        Self::IgnoreStateFlag,
        Self::WatchdogEmpty,
    ];

    /// The name, as the configuration spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// What is known of it.
    #[must_use]
    pub const fn facts(self) -> FaultFacts {
        use FaultGroup::{Answers, Line, Records, Settings};
        match self {
            Self::Delay => FaultFacts {
                name: "delay",
                group: Line,
                parameter: counted("milliseconds", 300, 1, 60000),
                symptom: "everything is slow, or times out and works at the second try",
                defect: "answers every datagram late",
                seen_on: "any BMC on a slow or busy link",
                source: "measured",
            },
            Self::Drop => FaultFacts {
                name: "drop",
                group: Line,
                parameter: counted("per cent, each way", 20, 1, 99),
                symptom: "timeouts, now and then",
                defect: "loses datagrams, in both directions",
                seen_on: "any BMC on a bad line",
                source: "measured",
            },
            Self::PressedDrop => FaultFacts {
                name: "presseddrop",
                group: Line,
                parameter: None,
                symptom: "timeouts when more than one request is in flight",
                defect: "does not answer a request that comes before the last one is answered",
                seen_on: "BMCs of several makes",
                source: "gebn/bmc, issue 42; lnls-dig/openMMC, issue 9",
            },
            Self::PressedMerge => FaultFacts {
                name: "pressedmerge",
                group: Line,
                parameter: None,
                symptom: "values of one sensor at another, with right checksums",
                defect: "begins the answer to such a request with the data of the one before",
                seen_on: "BMCs of several makes",
                source: "gebn/bmc, issue 42",
            },
            Self::PressedReorder => FaultFacts {
                name: "pressedreorder",
                group: Line,
                parameter: None,
                symptom: "answers to other questions",
                defect: "answers such a request before the one that came first",
                seen_on: "BMCs of several makes",
                source: "gebn/bmc, issue 42",
            },
            Self::Busy => FaultFacts {
                name: "busy",
                group: Answers,
                parameter: counted("every so many requests", 3, 1, 1000),
                symptom: "\"node busy\" (C0h), now and then",
                defect: "refuses a request as busy, every so often",
                seen_on: "Quanta S99Q; any BMC with a saturated I2C bus",
                source: CATALOGUE,
            },
            Self::ShortAnswer => FaultFacts {
                name: "shortanswer",
                group: Answers,
                parameter: counted("bytes", 1, 1, 32),
                symptom: "\"internal IPMI error\", or values that are not there",
                defect: "leaves out the last bytes of answers",
                seen_on: "Bull 510; Dell PowerEdge 2950; Inventec boards",
                source: CATALOGUE,
            },
            Self::LongAnswer => FaultFacts {
                name: "longanswer",
                group: Answers,
                parameter: counted("bytes", 12, 1, 32),
                symptom: "\"internal IPMI error\"",
                defect: "appends bytes to answers",
                seen_on: "HP ProLiant DL380 G5 and DL585 G7",
                source: CATALOGUE,
            },
            Self::NewGuid => FaultFacts {
                name: "newguid",
                group: Answers,
                parameter: None,
                symptom: "a cache or an inventory that is another machine's",
                defect: "has another GUID than before, as after a board was replaced",
                seen_on: "any BMC",
                source: "by design",
            },
            Self::GuidFormat => FaultFacts {
                name: "guidformat",
                group: Answers,
                parameter: None,
                symptom: "a GUID that is not the one on the label",
                defect: "sends the GUID as SMBIOS writes it",
                seen_on: "many",
                source: MANUAL,
            },
            Self::AssumeMaxSdrRecordCount => FaultFacts {
                name: "assumemaxsdrrecordcount",
                group: Records,
                parameter: None,
                symptom: "reading the SDR repository never ends",
                defect: "names the first record as the one after the last",
                seen_on: "Inspur boards",
                source: MANUAL,
            },
            Self::SdrCount => FaultFacts {
                name: "sdrcount",
                group: Records,
                parameter: counted("records too many", 5, 1, 1000),
                symptom: "\"SDR cache\" errors, or records that cannot be read",
                defect: "counts more records than there are",
                seen_on: "Fujitsu RX100 and RX300",
                source: CATALOGUE,
            },
            Self::SdrShortRead => FaultFacts {
                name: "sdrshortread",
                group: Records,
                parameter: None,
                symptom: "broken sensor names, or no sensors",
                defect: "answers a read of a whole record with its first bytes only",
                seen_on: "Xyratex HB-F8-SRAY",
                source: CATALOGUE,
            },
            Self::SdrExcess => FaultFacts {
                name: "sdrexcess",
                group: Records,
                parameter: counted("bytes", 4, 1, 32),
                symptom: "broken records",
                defect: "appends bytes to a record that is read whole",
                seen_on: "HP ProLiant DL585 G7",
                source: CATALOGUE,
            },
            Self::SdrLastUnreadable => FaultFacts {
                name: "sdrlastunreadable",
                group: Records,
                parameter: None,
                symptom: "no sensors at all for the sake of one",
                defect: "times out (C3h) at the last record",
                seen_on: "Dell PowerEdge FC830",
                source: CATALOGUE,
            },
            Self::SdrWrongId => FaultFacts {
                name: "sdrwrongid",
                group: Records,
                parameter: None,
                symptom: "records that cannot be found again",
                defect: "writes another record ID into a record than the one that it is read by",
                seen_on: "Supermicro X6DHR",
                source: CATALOGUE,
            },
            Self::SdrInfoDenied => FaultFacts {
                name: "sdrinfodenied",
                group: Records,
                parameter: None,
                symptom: "no sensors, \"insufficient privilege\" (D4h)",
                defect: "refuses Get SDR Repository Info whatever the privilege",
                seen_on: "Wiwynn boards",
                source: CATALOGUE,
            },
            Self::AssumeBmcOwner => FaultFacts {
                name: "assumebmcowner",
                group: Records,
                parameter: None,
                symptom: "no readings (\"N/A\")",
                defect: "says in its records that sensors belong to another controller",
                seen_on: "HP DL140 G1; Fujitsu RX300 S2",
                source: MANUAL,
            },
            Self::SelCount => FaultFacts {
                name: "selcount",
                group: Records,
                parameter: counted("entries too many", 5, 1, 1000),
                symptom: "a log that seems to lack entries",
                defect: "counts more entries than there are",
                seen_on: "several",
                source: "by design",
            },
            Self::NoSelEntry => FaultFacts {
                name: "noselentry",
                group: Records,
                parameter: None,
                symptom: "no log",
                defect: "has no Get SEL Entry (C1h)",
                seen_on: "HP ProLiant DL585",
                source: CATALOGUE,
            },
            Self::NoSelReserve => FaultFacts {
                name: "noselreserve",
                group: Records,
                parameter: None,
                symptom: "no log, or a log that cannot be cleared",
                defect: "has no Reserve SEL (C1h)",
                seen_on: "several",
                source: CATALOGUE,
            },
            Self::AssumeSystemEvent => FaultFacts {
                name: "assumesystemevent",
                group: Records,
                parameter: None,
                symptom: "entries of an unknown kind",
                defect: "gives events the illegal record type 00h",
                seen_on: "HP DL380 G5 (00h); Intel S2600JF (03h)",
                source: MANUAL,
            },
            Self::SkipChecks => FaultFacts {
                name: "skipchecks",
                group: Records,
                parameter: None,
                symptom: "no inventory, \"checksum invalid\"",
                defect: "has wrong checksums in its inventory",
                seen_on: "Inventec 5441; Dell R610, R710; Intel Tiger",
                source: MANUAL,
            },
            Self::NoFru => FaultFacts {
                name: "nofru",
                group: Records,
                parameter: None,
                symptom: "errors (CEh) for inventories that are listed",
                defect: "answers CEh where there is no inventory",
                seen_on: "Fujitsu RX1330",
                source: CATALOGUE,
            },
            Self::IgnoreScanningDisabled => FaultFacts {
                name: "ignorescanningdisabled",
                group: Records,
                parameter: None,
                symptom: "no readings (\"N/A\")",
                defect: "says that scanning is off, next to a good reading",
                seen_on: "Dell PowerEdge 2900, 2950, R410, R610; HP rx3600",
                source: MANUAL,
            },
            Self::SensorCode => FaultFacts {
                name: "sensorcode",
                group: Records,
                parameter: counted("completion code", 0xcb, 0x80, 0xff),
                symptom: "the list of sensors ends early",
                defect: "refuses sensors that are not there, here every fourth number, with one of seven codes",
                seen_on: "many",
                source: CATALOGUE,
            },
            Self::ShortStates => FaultFacts {
                name: "shortstates",
                group: Records,
                parameter: None,
                symptom: "\"internal IPMI error\" at some sensors",
                defect: "leaves out the states that follow a reading",
                seen_on: "Dell PowerEdge 2950; Inventec boards",
                source: CATALOGUE,
            },
            Self::EnableNeedsPassword => FaultFacts {
                name: "enableneedspassword",
                group: Settings,
                parameter: None,
                symptom: "a user cannot be enabled (C7h)",
                defect: "wants a password in Set User Password where it only enables or disables",
                seen_on: "Sun X4140; Open Compute boards",
                source: CATALOGUE,
            },
            Self::PasswordFirst => FaultFacts {
                name: "passwordfirst",
                group: Settings,
                parameter: None,
                symptom: "a user cannot be enabled (D5h)",
                defect: "enables a user only once there is a password",
                seen_on: "Dell R610, R710, C6220",
                source: CATALOGUE,
            },
            Self::NameFirst => FaultFacts {
                name: "namefirst",
                group: Settings,
                parameter: None,
                symptom: "users cannot be read or set up (CCh)",
                defect: "knows a user only once there is a name",
                seen_on: "Sun X4140; Inventec 5441; Supermicro X8DTH; Intel S5500WBV",
                source: CATALOGUE,
            },
            Self::SameName => FaultFacts {
                name: "samename",
                group: Settings,
                parameter: None,
                symptom: "a configuration cannot be applied twice (CCh)",
                defect: "refuses the name that a user has already",
                seen_on: "Intel S5500WBV",
                source: CATALOGUE,
            },
            Self::PasswordPolicy => FaultFacts {
                name: "passwordpolicy",
                group: Settings,
                parameter: counted("characters at least", 8, 1, 20),
                symptom: "\"unknown completion code\" 8Fh",
                defect: "refuses short passwords with a code of its own",
                seen_on: "Dell C6220",
                source: CATALOGUE,
            },
            Self::BusyAfterUser => FaultFacts {
                name: "busyafteruser",
                group: Settings,
                parameter: counted("requests", 3, 1, 100),
                symptom: "\"node busy\" (C0h) while users are set up",
                defect: "is busy for some requests after a user was changed",
                seen_on: "Quanta S99Q",
                source: CATALOGUE,
            },
            Self::ReservedLimit => FaultFacts {
                name: "reservedlimit",
                group: Settings,
                parameter: None,
                symptom: "\"unknown\" privilege",
                defect: "has a reserved number for the privilege of users that nobody set up",
                seen_on: "Supermicro X10DDW-i",
                source: CATALOGUE,
            },
            Self::SlowCommit => FaultFacts {
                name: "slowcommit",
                group: Settings,
                parameter: None,
                symptom: "settings that were accepted are not there",
                defect: "acknowledges and loses what is set within a second of the last setting",
                seen_on: "Supermicro H8QME; Quanta S99Q; Dell T320",
                source: MANUAL,
            },
            Self::MacIgnored => FaultFacts {
                name: "macignored",
                group: Settings,
                parameter: None,
                symptom: "a hardware address that does not change",
                defect: "acknowledges and ignores it",
                seen_on: "Quanta S99Q",
                source: CATALOGUE,
            },
            Self::ReadOnlyCode => FaultFacts {
                name: "readonlycode",
                group: Settings,
                parameter: counted("completion code", 0xd5, 0x80, 0xff),
                symptom: "errors for parameters that are merely read-only",
                defect: "refuses them with another code than 82h",
                seen_on: "Dell R610 (D5h); Xyratex (80h)",
                source: CATALOGUE,
            },
            Self::MaskClearsGateway => FaultFacts {
                name: "maskclearsgateway",
                group: Settings,
                parameter: None,
                symptom: "no way out of the subnet after an address was set",
                defect: "sets the gateway to 0.0.0.0 when a subnet mask is set",
                seen_on: "Inventec 5441",
                source: CATALOGUE,
            },
            Self::NvChangesVolatile => FaultFacts {
                name: "nvchangesvolatile",
                group: Settings,
                parameter: None,
                symptom: "a channel that changes at once, and should not",
                defect: "lets non-volatile settings of a channel take effect at once",
                seen_on: "Inventec 5441; Intel S5500WBV; Supermicro X8DTH",
                source: CATALOGUE,
            },
            Self::SolChannelAssumeLanChannel => FaultFacts {
                name: "solchannelassumelanchannel",
                group: Settings,
                parameter: None,
                symptom: "SOL settings cannot be read",
                defect: "names a channel for SOL that there is not",
                seen_on: "Intel S5500WBV",
                source: MANUAL,
            },
            Self::SolChannelSupport => FaultFacts {
                name: "solchannelsupport",
                group: Settings,
                parameter: None,
                symptom: "no console, \"BMC error\"",
                defect: "has no Get Channel Payload Support (C1h)",
                seen_on: "Intel Windmill, Quanta Winterfell, Wiwynn Windmill; Sun boards",
                source: MANUAL,
            },
            Self::SolStatus => FaultFacts {
                name: "solstatus",
                group: Settings,
                parameter: None,
                symptom: "no console, \"BMC error\"",
                defect: "refuses Get Payload Activation Status (CCh)",
                seen_on: "Supermicro X8SIL-F",
                source: MANUAL,
            },
            Self::BootExtra => FaultFacts {
                name: "bootextra",
                group: Settings,
                parameter: None,
                symptom: "boot options that cannot be read",
                defect: "appends 12 bytes to boot options",
                seen_on: "HP ProLiant DL380 G5",
                source: CATALOGUE,
            },
            Self::OsNameShort => FaultFacts {
                name: "osnameshort",
                group: Settings,
                parameter: None,
                symptom: "\"internal IPMI error\"",
                defect: "answers too little where names of operating systems are asked for",
                seen_on: "Bull 510",
                source: CATALOGUE,
            },
            Self::SysInfoDenied => FaultFacts {
                name: "sysinfodenied",
                group: Settings,
                parameter: None,
                symptom: "no system info, \"insufficient privilege\" (D4h)",
                defect: "refuses system info whatever the privilege",
                seen_on: "Open Compute boards; Supermicro X8DTL-3F, X9DRFR",
                source: CATALOGUE,
            },
            Self::IgnoreStateFlag => FaultFacts {
                name: "ignorestateflag",
                group: Settings,
                parameter: None,
                symptom: "a watchdog that seems to run and does not",
                defect: "says that the timer runs, always",
                seen_on: "Sun Fire X4100, X4200, X4500",
                source: MANUAL,
            },
            Self::WatchdogEmpty => FaultFacts {
                name: "watchdogempty",
                group: Settings,
                parameter: None,
                symptom: "a watchdog that cannot be read, now and then",
                defect: "leaves every other answer of the watchdog empty",
                seen_on: "Supermicro boards",
                source: CATALOGUE,
            },
        }
    }
}

const fn counted(what: &'static str, default: u32, least: u32, most: u32) -> Option<Parameter> {
    Some(Parameter { what, default, least, most })
}
