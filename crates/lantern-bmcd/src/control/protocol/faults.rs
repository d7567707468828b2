//! What is made to go wrong: faults, the self test, the lease.

use std::net::Ipv4Addr;

use ipmi_bmc::faults::{Fault, FaultKind, UnknownFault};
use ipmi_session::Quirk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::refusal::{Code, Refusal, meant};

/// Of `fault.set`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSet {
    /// Their names, as in `docs/quirks.md`, with how much of each (`busy=3`); with none the BMC does
    /// nothing wrong.
    pub faults: Vec<String>,
}

/// The fault that a word names.
///
/// # Errors
/// [`Code::NoSuchFault`], [`Code::BadRequest`] if there is not so much of it.
pub fn fault(word: &str) -> Result<Fault, Refusal> {
    word.parse().map_err(|error| match error {
        UnknownFault::Name => {
            let name = word.split('=').next().unwrap_or(word);
            let meant = match Quirk::from_name(name) {
                Some(_) => "; this one is a quirk of sessions: 'quirk.set'".to_owned(),
                None => meant(name, FaultKind::ALL.map(FaultKind::name)),
            };
            Refusal::new(Code::NoSuchFault, format!("no fault '{name}'{meant}"))
        }
        error => Refusal::new(Code::BadRequest, format!("'{word}': {error}")),
    })
}

/// Of `selftest.set`: `flags` belong to `corrupted` and `code` to `fatal`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfTestSet {
    /// What it is to find.
    pub result: SelfTestResult,
    /// What is corrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flags: Option<SelfTestFlags>,
    /// The manufacturer's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u8>,
}

/// What a self test can be made to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelfTestResult {
    /// What is true: it looks again.
    Passed,
    /// There is no self test.
    NotImplemented,
    /// Data or devices are corrupted or cannot be reached.
    Corrupted,
    /// Fatal hardware error.
    Fatal,
}

/// What is corrupted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "flags are a byte, or a list of names: see docs/control.md")]
pub enum SelfTestFlags {
    /// As the byte that the command answers.
    Byte(u8),
    /// By name.
    Names(Vec<SelfTestFlag>),
}

impl SelfTestFlags {
    /// As the byte that the command answers.
    #[must_use]
    pub fn byte(&self) -> u8 {
        match self {
            Self::Byte(byte) => *byte,
            Self::Names(names) => names.iter().fold(0, |byte, flag| byte | flag.mask()),
        }
    }
}

/// What can be corrupted, by the names that `lantern mc selftest` has, too. IPMI v2.0 §20.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SelfTestFlag {
    /// The SEL device cannot be accessed.
    SelInaccessible,
    /// The SDR repository device cannot be accessed.
    SdrRepositoryInaccessible,
    /// The BMC's FRU device cannot be accessed.
    FruInaccessible,
    /// The IPMB lines do not respond.
    IpmbLinesFail,
    /// The SDR repository is empty.
    SdrRepositoryEmpty,
    /// The internal use area of the BMC's FRU is corrupted.
    FruInternalUseAreaCorrupted,
    /// The boot block of the firmware is corrupted.
    BootBlockCorrupted,
    /// The operational firmware is corrupted.
    OperationalFirmwareCorrupted,
}

impl SelfTestFlag {
    /// All of them, from bit 7 down.
    pub const ALL: [Self; 8] = [
        Self::SelInaccessible,
        Self::SdrRepositoryInaccessible,
        Self::FruInaccessible,
        Self::IpmbLinesFail,
        Self::SdrRepositoryEmpty,
        Self::FruInternalUseAreaCorrupted,
        Self::BootBlockCorrupted,
        Self::OperationalFirmwareCorrupted,
    ];

    /// Its bit.
    #[must_use]
    pub const fn mask(self) -> u8 {
        0x80 >> self as u8
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SelInaccessible => "sel_inaccessible",
            Self::SdrRepositoryInaccessible => "sdr_repository_inaccessible",
            Self::FruInaccessible => "fru_inaccessible",
            Self::IpmbLinesFail => "ipmb_lines_fail",
            Self::SdrRepositoryEmpty => "sdr_repository_empty",
            Self::FruInternalUseAreaCorrupted => "fru_internal_use_area_corrupted",
            Self::BootBlockCorrupted => "boot_block_corrupted",
            Self::OperationalFirmwareCorrupted => "operational_firmware_corrupted",
        }
    }
}

/// Of `lease.give`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseGive {
    /// IPv4 address.
    pub address: Ipv4Addr,
    /// Its subnet mask.
    pub netmask: Ipv4Addr,
    /// The default gateway; none if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Ipv4Addr>,
}
