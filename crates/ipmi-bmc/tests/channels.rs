//! The LAN channel: whom it lets in, with which keys, and what becomes of who is in already.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use ipmi_bmc::{LanPolicy, Origin, SystemInterfaceKind};
use ipmi_session::Secret;
use ipmi_wire::cmd::app::{
    AccessCopy, AccessFlags, AccessMode, ChannelAccess, ChannelMedium, ChannelSecurityKeys,
    ColdReset, GetChannelAccess, GetChannelAuthenticationCapabilities, GetChannelInfo,
    GetChannelPayloadSupport, GetChannelPayloadVersion, GetPayloadActivationStatus,
    GetPayloadInstanceInfo, GetSystemInterfaceCapabilities, GetUserPayloadAccess, KeyBytes,
    KeyLock, KeyOperation, PayloadAccess, SecurityKey, SessionSupport, SetChannelAccess,
    SetChannelSecurityKeys, SetUserPayloadAccess, SystemInterface, SystemInterfaceCapabilities,
};
use ipmi_wire::{Channel, CompletionCode, NetFn, Privilege, Request, Response};

use common::Machine;

const LAN: Channel = Channel::new(1);
const OPEN: AccessFlags = AccessFlags {
    alerting_disabled: false,
    per_message_auth_disabled: false,
    user_level_auth_disabled: false,
    mode: AccessMode::Always,
};
const CLOSED: AccessFlags = AccessFlags { mode: AccessMode::Disabled, ..OPEN };

fn read(machine: &mut Machine, copy: AccessCopy) -> (AccessFlags, Option<Privilege>) {
    let ChannelAccess { flags, limit } =
        machine.ask(&GetChannelAccess { channel: LAN, copy }).unwrap();
    (flags, limit)
}

fn set(
    machine: &mut Machine,
    access: Option<(AccessCopy, AccessFlags)>,
    limit: Option<(AccessCopy, Privilege)>,
) -> Result<(), CompletionCode> {
    machine.ask(&SetChannelAccess { channel: LAN, access, limit })
}

#[test]
fn the_two_copies_are_two_and_one_of_them_is_kept() {
    use AccessCopy::{NonVolatile, Volatile};
    let mut machine = Machine::new();
    let delivered = (OPEN, Some(Privilege::Administrator));
    machine.keep();
    set(&mut machine, Some((Volatile, CLOSED)), Some((Volatile, Privilege::User))).unwrap();
    assert_eq!(machine.keep(), 0);
    assert_eq!(read(&mut machine, Volatile), (CLOSED, Some(Privilege::User)));
    assert_eq!(read(&mut machine, NonVolatile), delivered);
    // A reset of the controller is a start.
    machine.ask(&ColdReset).unwrap();
    assert_eq!(read(&mut machine, Volatile), delivered);
    let quiet = AccessFlags { alerting_disabled: true, ..OPEN };
    set(&mut machine, Some((NonVolatile, quiet)), Some((NonVolatile, Privilege::Operator)))
        .unwrap();
    assert_eq!(read(&mut machine, Volatile), delivered);
    for _ in 0..2 {
        machine.restart();
        for copy in [Volatile, NonVolatile] {
            assert_eq!(read(&mut machine, copy), (quiet, Some(Privilege::Operator)));
        }
    }
    // Nothing to set is nothing set, and the same again is nothing to keep.
    set(&mut machine, None, None).unwrap();
    set(&mut machine, Some((NonVolatile, quiet)), None).unwrap();
    assert_eq!(machine.keep(), 0);
    // A configuration that says something else has the last word.
    machine.lan.limit = Privilege::User;
    machine.restart();
    assert_eq!(read(&mut machine, Volatile), (OPEN, Some(Privilege::User)));
    machine.lan.limit = Privilege::Administrator;
    machine.restart();
    assert_eq!(read(&mut machine, NonVolatile), delivered);
}

#[test]
fn what_a_lan_channel_does_not_do_is_refused_and_changes_nothing() {
    use AccessCopy::Volatile;
    let mut machine = Machine::new();
    let limit = Some((Volatile, Privilege::User));
    for (flags, code) in [
        (AccessFlags { mode: AccessMode::PreBoot, ..OPEN }, 0x83),
        (AccessFlags { mode: AccessMode::Shared, ..OPEN }, 0x83),
        (AccessFlags { per_message_auth_disabled: true, ..OPEN }, 0xcc),
        (AccessFlags { user_level_auth_disabled: true, ..OPEN }, 0xcc),
    ] {
        let refused = set(&mut machine, Some((Volatile, flags)), limit);
        assert_eq!(refused, Err(CompletionCode(code)), "{flags:?}");
    }
    assert_eq!(read(&mut machine, Volatile), (OPEN, Some(Privilege::Administrator)));
    // The system interface has no sessions; it is also "the present channel" here.
    for (channel, code) in [(15, 0x82), (14, 0x82), (0, 0xcc), (2, 0xcc), (7, 0xcc)] {
        let channel = Channel::new(channel);
        let access = machine.ask(&SetChannelAccess { channel, access: None, limit });
        assert_eq!(access, Err(CompletionCode(code)));
        let access = machine.ask(&GetChannelAccess { channel, copy: Volatile });
        assert_eq!(access.map(drop), Err(CompletionCode(code)));
    }
}

#[test]
fn there_are_two_channels() {
    let mut machine = Machine::new();
    for number in 0..16 {
        let info = machine.ask(&GetChannelInfo { channel: Channel::new(number) });
        let seen = info.map(|info| (info.channel.number(), info.medium, info.session_support));
        assert_eq!(
            seen,
            match number {
                1 => Ok((1, ChannelMedium::LAN, SessionSupport::MultiSession)),
                14 | 15 => Ok((15, ChannelMedium::SYSTEM_INTERFACE, SessionSupport::SessionLess)),
                _ => Err(CompletionCode::INVALID_DATA_FIELD),
            }
        );
    }
    for number in 0..16 {
        let interface = SystemInterface(number);
        let capabilities = machine.ask(&GetSystemInterfaceCapabilities { interface });
        let expected = SystemInterfaceCapabilities::Chip { version: 0, input: 255 };
        assert_eq!(
            capabilities,
            match number {
                1 => Ok(expected),
                _ => Err(CompletionCode::INVALID_DATA_FIELD),
            }
        );
    }
}

/// By hand from Tables 6-2, 22-13 and 22-14 of IPMI v2.0.
#[test]
fn the_system_interface_says_what_it_is() {
    use SystemInterfaceKind::{Bt, Kcs, Ssif};
    let mut machine = Machine::new();
    let ask = |machine: &mut Machine, cmd, data: &[u8]| {
        let request = Request { netfn: NetFn::App, lun: 0, cmd, data: data.to_vec() };
        let Response { completion, data } = machine.request(Origin::SystemInterface, &request);
        if completion.is_ok() { Ok(data) } else { Err(completion.0) }
    };
    for (kind, protocol, ssif, kcs, bt) in [
        (Kcs, 5, Err(0xcc), Ok(vec![0, 0, 0xff]), Err(0xc1)),
        (Bt, 8, Err(0xcc), Err(0xcc), Ok(vec![1, 0xff, 0xff, 5, 2])),
        (Ssif, 4, Ok(vec![0, 0x80, 0xff, 0xff]), Err(0xcc), Err(0xc1)),
    ] {
        machine.bmc.set_system_interface(kind);
        assert_eq!(ask(&mut machine, 0x42, &[0x0f]).unwrap()[..3], [0x0f, 0x0c, protocol]);
        assert_eq!(ask(&mut machine, 0x57, &[0]), ssif);
        assert_eq!(ask(&mut machine, 0x57, &[1]), kcs);
        assert_eq!(ask(&mut machine, 0x57, &[2]), Err(0xcc), "SMIC");
        assert_eq!(ask(&mut machine, 0x36, &[]), bt);
        // What a command there is not is not to be found either.
        let mask = ask(&mut machine, 0x0a, &[0x0f, 0x06, 0]).unwrap();
        assert_eq!(mask[0x36 / 8] & (1 << (0x36 % 8)) == 0, bt.is_ok(), "{kind:?}");
    }
}

fn key(
    machine: &mut Machine,
    operation: KeyOperation,
) -> Result<ChannelSecurityKeys, CompletionCode> {
    machine.ask(&SetChannelSecurityKeys { channel: LAN, key: SecurityKey::Generating, operation })
}

fn kg_status(machine: &mut Machine) -> bool {
    let channel = LAN;
    let privilege = Privilege::User;
    let request = GetChannelAuthenticationCapabilities { channel, ipmi20: true, privilege };
    machine.ask(&request).unwrap().kg_nonzero
}

#[test]
fn a_key_is_set_read_and_locked_and_outlives_a_restart() {
    let mut machine = Machine::new();
    machine.keep();
    let unlocked = |key: Vec<u8>| {
        Ok(ChannelSecurityKeys { lock: Some(KeyLock::Unlocked), key: KeyBytes(key) })
    };
    assert_eq!(key(&mut machine, KeyOperation::Read), unlocked(vec![0; 20]));
    let secret = b"12345678901234567890".to_vec();
    for (length, code) in [(0, 0x81), (19, 0x81), (21, 0x82), (30, 0x82)] {
        let operation = KeyOperation::Set(KeyBytes(vec![7; length]));
        assert_eq!(key(&mut machine, operation), Err(CompletionCode(code)), "{length}");
    }
    assert!(machine.keep() == 0 && !kg_status(&mut machine));
    let operation = KeyOperation::Set(KeyBytes(secret.clone()));
    assert_eq!(key(&mut machine, operation.clone()), unlocked(Vec::new()));
    assert!(kg_status(&mut machine));
    machine.restart();
    assert!(kg_status(&mut machine));
    assert_eq!(key(&mut machine, KeyOperation::Read), unlocked(secret));
    let random = SetChannelSecurityKeys { channel: LAN, key: SecurityKey::Random, operation };
    assert_eq!(machine.ask(&random), Err(CompletionCode(0x84)));
    let locked = Ok(ChannelSecurityKeys { lock: Some(KeyLock::Locked), key: KeyBytes::default() });
    assert_eq!(key(&mut machine, KeyOperation::Lock), locked);
    machine.restart();
    assert_eq!(key(&mut machine, KeyOperation::Read), locked);
    let other = KeyOperation::Set(KeyBytes(vec![7; 20]));
    assert_eq!(key(&mut machine, other.clone()), Err(CompletionCode(0x80)));
    assert_eq!(key(&mut machine, KeyOperation::Lock), locked);
    assert!(kg_status(&mut machine));
    // Another key in the configuration is the last word, lock or not.
    machine.lan.kg = Secret::new(b"configured");
    machine.restart();
    let mut configured = b"configured".to_vec();
    configured.resize(20, 0);
    assert_eq!(key(&mut machine, KeyOperation::Read), unlocked(configured));
    // Zeros are no key.
    key(&mut machine, KeyOperation::Set(KeyBytes(vec![0; 20]))).unwrap();
    assert!(!kg_status(&mut machine));
    machine.restart();
    assert!(!kg_status(&mut machine));
}

#[test]
fn payloads_are_told_as_they_are() {
    let mut machine = Machine::new();
    let support = machine.ask(&GetChannelPayloadSupport { channel: LAN }).unwrap();
    assert_eq!((support.standard, support.session_setup, support.oem), (0x0001, 0x003f, 0));
    for payload_type in 0..0x40u8 {
        let carried = payload_type == 0 || (0x10..=0x15).contains(&payload_type);
        let version = machine.ask(&GetChannelPayloadVersion { channel: LAN, payload_type });
        let version = version.map(|version| (version.major, version.minor));
        assert_eq!(version, if carried { Ok((1, 0)) } else { Err(CompletionCode(0x80)) });
        let status = machine.ask(&GetPayloadActivationStatus { payload_type });
        let status = status.map(|status| (status.capacity, status.active));
        let none = Err(CompletionCode::INVALID_DATA_FIELD);
        assert_eq!(status, if payload_type == 1 { Ok((1, 0)) } else { none });
    }
    for (instance, expected) in [(0, false), (1, true), (2, false)] {
        let info = machine.ask(&GetPayloadInstanceInfo { payload_type: 1, instance });
        assert_eq!(info.map(|info| info.session_id).is_ok_and(|id| id == 0), expected);
    }
}

#[test]
fn payload_access_is_a_users_own_and_kept() {
    let mut machine = Machine::new();
    let read = |machine: &mut Machine, user_id| {
        machine.ask(&GetUserPayloadAccess { channel: LAN, user_id }).map(|answer| answer.payloads)
    };
    let set = |machine: &mut Machine, user_id, enable, payloads| {
        machine.ask(&SetUserPayloadAccess { channel: LAN, user_id, enable, payloads })
    };
    assert_eq!(read(&mut machine, 2), Ok(PayloadAccess::SOL));
    set(&mut machine, 2, false, PayloadAccess { standard: 0xff, oem: 0xff }).unwrap();
    machine.restart();
    assert_eq!(read(&mut machine, 2), Ok(PayloadAccess::default()));
    assert_eq!(read(&mut machine, 3), Ok(PayloadAccess::SOL));
    for payloads in
        [PayloadAccess { standard: 0x06, oem: 0 }, PayloadAccess { standard: 2, oem: 1 }]
    {
        let refused = set(&mut machine, 2, true, payloads);
        assert_eq!(refused, Err(CompletionCode::INVALID_DATA_FIELD));
    }
    assert_eq!(read(&mut machine, 2), Ok(PayloadAccess::default()));
    set(&mut machine, 2, true, PayloadAccess::SOL).unwrap();
    assert_eq!(read(&mut machine, 2), Ok(PayloadAccess::SOL));
    let nobody = Err(CompletionCode::PARAMETER_OUT_OF_RANGE);
    assert_eq!(read(&mut machine, 16), nobody);
    assert_eq!(set(&mut machine, 0, true, PayloadAccess::SOL), nobody.map(drop));
}

#[test]
fn levels_are_asked_of_everybody_who_comes_in_over_the_lan() {
    let mut machine = Machine::with_lan(LanPolicy::default());
    let origin = |privilege| Origin::Session { session_id: 1, channel: LAN, user_id: 2, privilege };
    let set = SetChannelAccess { channel: LAN, access: None, limit: None };
    for (request, needed) in [
        (Request::of(&set), Privilege::Administrator),
        (
            Request::of(&GetChannelAccess { channel: LAN, copy: AccessCopy::Volatile }),
            Privilege::User,
        ),
        (Request::of(&GetUserPayloadAccess { channel: LAN, user_id: 2 }), Privilege::Operator),
    ] {
        for privilege in Privilege::ALL {
            let completion = machine.request(origin(privilege), &request).completion;
            assert_eq!(completion.is_ok(), privilege >= needed, "{request:?} {privilege}");
        }
    }
}
