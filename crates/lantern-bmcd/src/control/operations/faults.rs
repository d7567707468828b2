//! What is made to go wrong: faults, the self test, the lease.

use std::net::Ipv4Addr;

use ipmi_bmc::faults::{Fault, FaultKind};
use ipmi_bmc::{Bmc, Lease};
use ipmi_wire::cmd::app::SelfTest;
use ipmi_wire::cmd::transport::AddressSource;

use super::value;
use crate::control::protocol::{
    Code, FaultSet, LeaseGive, Refusal, SelfTestFlag, SelfTestFlags, SelfTestResult, SelfTestSet,
    fault,
};
use crate::control::reply::{FaultInfo, Faults, LeaseInfo, SelfTestInfo, SelfTestName};
use crate::control::router::Outcome;
use crate::server::tell_faults;

pub(super) fn list(bmc: &Bmc) -> Outcome {
    value(&Faults { faults: all(bmc).collect() })
}

pub(super) fn set(bmc: &mut Bmc, args: &FaultSet) -> Outcome {
    let mut new: Vec<Fault> = Vec::new();
    for word in &args.faults {
        let fault = fault(word)?;
        if new.iter().any(|known| known.kind == fault.kind) {
            let says = format!("'{}' is there twice", fault.kind.name());
            return Err(Refusal::new(Code::BadRequest, says));
        }
        new.push(fault);
    }
    bmc.set_faults(&new);
    tell_faults(&new);
    value(&Faults { faults: all(bmc).filter(|fault| fault.on).collect() })
}

fn all(bmc: &Bmc) -> impl Iterator<Item = FaultInfo> {
    FaultKind::ALL.into_iter().map(|kind| {
        let facts = kind.facts();
        let on = bmc.faults().iter().find(|fault| fault.kind == kind);
        let parameter = facts.parameter;
        FaultInfo {
            name: facts.name.to_owned(),
            on: on.is_some(),
            amount: on.filter(|_| parameter.is_some()).map(|fault| fault.amount),
            counts: parameter.map(|parameter| parameter.what.to_owned()),
            least: parameter.map(|parameter| parameter.least),
            most: parameter.map(|parameter| parameter.most),
            default: parameter.map(|parameter| parameter.default),
            group: facts.group.to_string(),
            does: facts.defect.to_owned(),
        }
    })
}

pub(super) fn set_self_test(bmc: &mut Bmc, args: &SelfTestSet) -> Outcome {
    let result = match (args.result, &args.flags, args.code) {
        (SelfTestResult::Passed, None, None) => None,
        (SelfTestResult::NotImplemented, None, None) => Some(SelfTest::NotImplemented),
        (SelfTestResult::Corrupted, Some(flags), None) => {
            Some(SelfTest::Corrupted { flags: SelfTestFlags::byte(flags) })
        }
        (SelfTestResult::Fatal, None, Some(code)) => Some(SelfTest::Fatal { code }),
        _ => {
            let says = "'corrupted' has 'flags', 'fatal' has 'code', and the others have neither";
            return Err(Refusal::new(Code::BadRequest, says));
        }
    };
    bmc.set_self_test(result);
    let found = bmc.self_test();
    let (flags, detail_raw) = match found {
        SelfTest::Passed | SelfTest::NotImplemented => (0, 0),
        SelfTest::Corrupted { flags } => (flags, flags),
        SelfTest::Fatal { code: detail } | SelfTest::Other { detail, .. } => (0, detail),
    };
    value(&SelfTestInfo {
        result: self_test(found),
        faults: SelfTestFlag::ALL.into_iter().filter(|flag| flags & flag.mask() != 0).collect(),
        detail_raw,
        overridden: bmc.is_self_test_set(),
    })
}

/// What people call it.
pub(super) const fn self_test(result: SelfTest) -> SelfTestName {
    match result {
        SelfTest::Passed => SelfTestName::Passed,
        SelfTest::NotImplemented => SelfTestName::NotImplemented,
        SelfTest::Corrupted { .. } => SelfTestName::Corrupted,
        SelfTest::Fatal { .. } => SelfTestName::Fatal,
        SelfTest::Other { .. } => SelfTestName::Oem,
    }
}

pub(super) fn give_lease(bmc: &mut Bmc, args: &LeaseGive) -> Outcome {
    if args.address.is_unspecified() {
        let says = "0.0.0.0 is no address: 'lease.lose' takes it away";
        return Err(Refusal::new(Code::BadRequest, says));
    }
    let bits = u32::from(args.netmask);
    if bits.leading_ones().saturating_add(bits.trailing_zeros()) < 32 {
        return Err(Refusal::new(Code::BadRequest, format!("{} is no subnet mask", args.netmask)));
    }
    bmc.set_lease(Some(Lease {
        address: args.address,
        netmask: args.netmask,
        gateway: args.gateway.unwrap_or(Ipv4Addr::UNSPECIFIED),
    }));
    lease(bmc)
}

pub(super) fn lose_lease(bmc: &mut Bmc) -> Outcome {
    bmc.set_lease(None);
    lease(bmc)
}

fn lease(bmc: &Bmc) -> Outcome {
    let lease = bmc.lease();
    let shown = |address: Ipv4Addr| address.to_string();
    let gateway = lease.map(|lease| lease.gateway).filter(|gateway| !gateway.is_unspecified());
    value(&LeaseInfo {
        address: lease.map(|lease| shown(lease.address)),
        netmask: lease.map(|lease| shown(lease.netmask)),
        gateway: gateway.map(shown),
        in_use: bmc.network_settings().source == AddressSource::DHCP,
    })
}
