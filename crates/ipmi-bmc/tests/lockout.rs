//! Wrong passwords: what they lead to, and how that ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::time::Duration;

use ipmi_bmc::{BadPasswordPolicy, LanPolicy, Origin};
use ipmi_wire::cmd::app::{
    GetUserAccess, PasswordOperation, SetUserName, SetUserPassword, UserStatus,
};
use ipmi_wire::sdr::SensorType;
use ipmi_wire::sel::SelRecord;
use ipmi_wire::session::{
    AlgorithmProposal, OpenSessionRequest, OpenSessionResponse, PayloadType, Rakp1, Rakp2, Rakp3,
    RmcpPlusStatus, SessionPacket, Username, V20Header,
};
use ipmi_wire::{Channel, Decode, Encode, NetFn, Privilege, Request};

use common::{Counting, Machine, peer};

const MINUTE: Duration = Duration::from_secs(60);

fn machine(policy: BadPasswordPolicy) -> Machine {
    Machine::with_lan(LanPolicy { bad_password: policy, ..LanPolicy::default() })
}

fn three() -> BadPasswordPolicy {
    BadPasswordPolicy {
        threshold: 3,
        reset_after: Some(MINUTE),
        lockout: Some(2 * MINUTE),
        log_lockout: true,
    }
}

fn step<T: Decode>(machine: &mut Machine, kind: PayloadType, message: &impl Encode) -> Option<T> {
    let datagram = V20Header::sessionless(kind).to_datagram(&message.to_bytes()).unwrap();
    let mut entropy = Counting(3);
    let reply = machine.bmc.handle_datagram(machine.now, peer(), &datagram, &mut entropy)?;
    match SessionPacket::decode_datagram(&reply).unwrap() {
        Some(SessionPacket::V20(packet)) => Some(T::decode_exact(packet.payload).unwrap()),
        other => panic!("{other:?}"),
    }
}

/// The beginning of a login up to RAKP 2: its session ID, and the status.
fn begin(machine: &mut Machine, name: &str) -> (u32, RmcpPlusStatus) {
    let open = OpenSessionRequest {
        tag: 0,
        max_privilege: None,
        console_session_id: 0xa0a2_a3a4,
        authentication: AlgorithmProposal::Any,
        integrity: AlgorithmProposal::Any,
        confidentiality: AlgorithmProposal::Any,
    };
    let opened: OpenSessionResponse =
        step(machine, PayloadType::OpenSessionRequest, &open).unwrap();
    let managed_session_id = opened.accepted.unwrap().managed_session_id;
    let rakp1 = Rakp1 {
        tag: 1,
        managed_session_id,
        console_random: [1; 16],
        role_byte: Rakp1::NAME_ONLY_LOOKUP | 2,
        username: Username::new(name.as_bytes()).unwrap(),
    };
    let rakp2: Rakp2 = step(machine, PayloadType::Rakp1, &rakp1).unwrap();
    (managed_session_id, rakp2.status)
}

/// Its end with a wrong password: the status of RAKP 4.
fn end(machine: &mut Machine, managed_session_id: u32) -> RmcpPlusStatus {
    let status = RmcpPlusStatus::NO_ERRORS;
    let rakp3 = Rakp3 { tag: 2, status, managed_session_id, auth_code: vec![0; 32] };
    let rakp4: ipmi_wire::session::Rakp4 = step(machine, PayloadType::Rakp3, &rakp3).unwrap();
    rakp4.status
}

/// A login of `admin` with a wrong password; RAKP 2's status, and RAKP 4's if it came to that.
fn wrong(machine: &mut Machine) -> RmcpPlusStatus {
    let (id, status) = begin(machine, "admin");
    if status.is_ok() {
        assert_eq!(end(machine, id), RmcpPlusStatus::INVALID_INTEGRITY_CHECK_VALUE);
    }
    status
}

/// Sets LAN parameter 26, as the host: a minute until the count starts again, two of a lockout.
fn set_threshold(machine: &mut Machine, threshold: u8) {
    let data = vec![1, 26, 1, threshold, 6, 0, 12, 0];
    let request = Request { netfn: NetFn::Transport, lun: 0, cmd: 1, data };
    assert!(machine.request(Origin::SystemInterface, &request).completion.is_ok());
}

const OK: RmcpPlusStatus = RmcpPlusStatus::NO_ERRORS;
const OUT: RmcpPlusStatus = RmcpPlusStatus::UNAUTHORIZED_NAME;

fn status(machine: &mut Machine) -> (UserStatus, u8) {
    let access = machine.ask(&GetUserAccess { channel: Channel::new(1), user_id: 2 }).unwrap();
    (access.status, access.enabled_users)
}

fn lockouts(machine: &Machine) -> Vec<SelRecord> {
    let is_one = |record: &&SelRecord| {
        matches!(record, SelRecord::System { sensor_type: SensorType::SESSION_AUDIT, .. })
    };
    machine.bmc.sel().records().filter(is_one).copied().collect()
}

#[test]
fn a_lockout_is_told_lasts_its_time_and_is_over() {
    let mut machine = machine(three());
    for round in 1..=2 {
        assert_eq!([(); 4].map(|()| wrong(&mut machine)), [OK, OK, OK, OUT]);
        assert_eq!(status(&mut machine), (UserStatus::Disabled, 0));
        let events = lockouts(&machine);
        assert_eq!(events.len(), round);
        // By hand from Table 42-3: "invalid password disable", user 2, channel 1; the controller
        // says it, as a sensor that has no number here.
        let bytes = events[round - 1].to_bytes();
        assert_eq!(bytes[7..], [0x20, 0x00, 4, 0x2a, 0, 0x6f, 0xf3, 2, 1]);
        machine.wait(2 * MINUTE - Duration::from_millis(1));
        assert_eq!(wrong(&mut machine), OUT);
        machine.wait(Duration::from_millis(1));
        assert_eq!(status(&mut machine), (UserStatus::Enabled, 1));
    }
    // Two, a rest, two: never three in a row.
    for _ in 0..5 {
        assert_eq!([(); 2].map(|()| wrong(&mut machine)), [OK, OK]);
        machine.wait(MINUTE);
    }
    assert_eq!(lockouts(&machine).len(), 2);
}

#[test]
fn whoever_may_ends_a_lockout() {
    let mut machine = machine(BadPasswordPolicy { log_lockout: false, ..three() });
    let lock_out = |machine: &mut Machine| {
        assert_eq!([(); 4].map(|()| wrong(machine)), [OK, OK, OK, OUT]);
    };
    lock_out(&mut machine);
    // A password alone does not.
    for (operation, after) in [
        (PasswordOperation::Disable, UserStatus::Disabled),
        (PasswordOperation::Enable, UserStatus::Enabled),
    ] {
        machine.ask(&SetUserPassword { user_id: 2, operation }).unwrap();
        assert_eq!(status(&mut machine).0, after);
    }
    lock_out(&mut machine);
    let name = Username::new(b"admin").unwrap();
    machine.ask(&SetUserName { user_id: 2, name }).unwrap();
    lock_out(&mut machine);
    assert!(lockouts(&machine).is_empty(), "nobody wants to know");
    // Nor does a restart know of it.
    machine.restart();
    assert_eq!(status(&mut machine), (UserStatus::Enabled, 1));
}

#[test]
fn a_lockout_without_an_end_is_kept() {
    let mut machine = machine(BadPasswordPolicy { lockout: None, ..three() });
    machine.keep();
    assert_eq!([(); 4].map(|()| wrong(&mut machine)), [OK, OK, OK, OUT]);
    for _ in 0..2 {
        assert_eq!(status(&mut machine), (UserStatus::Disabled, 0));
        machine.wait(1000 * MINUTE);
        assert_eq!(wrong(&mut machine), OUT);
        machine.restart();
    }
    assert_eq!(lockouts(&machine).len(), 1);
    let operation = PasswordOperation::Enable;
    machine.ask(&SetUserPassword { user_id: 2, operation }).unwrap();
    assert_eq!(wrong(&mut machine), OK);
}

#[test]
fn the_policy_can_be_changed_while_it_runs() {
    let mut machine = machine(BadPasswordPolicy { threshold: 0, ..three() });
    assert!([(); 20].map(|()| wrong(&mut machine)).iter().all(|status| *status == OK));
    set_threshold(&mut machine, 3);
    assert_eq!(machine.bmc.bad_password_policy(), &three());
    assert_eq!([(); 2].map(|()| wrong(&mut machine)), [OK, OUT]);
    assert!(machine.bmc.is_locked_out(machine.now, 2));
    assert_eq!(machine.bmc.locked_out(machine.now).map(|(id, _)| id).collect::<Vec<_>>(), [2]);
    set_threshold(&mut machine, 0);
    assert_eq!(wrong(&mut machine), OUT, "who is locked out stays so");
}

#[test]
fn a_role_that_is_refused_is_no_wrong_password() {
    let mut machine = machine(three());
    machine.lan.limit = Privilege::Callback;
    machine.restart();
    let statuses = [(); 5].map(|()| wrong(&mut machine));
    assert!(statuses.iter().all(|status| *status == RmcpPlusStatus::UNAUTHORIZED_ROLE));
    assert!(!machine.bmc.is_locked_out(machine.now, 2));
    assert_eq!(machine.bmc.locked_out(machine.now).count(), 0);
}

/// Whoever has two logins of one name under way learns nothing from a lockout in between.
#[test]
fn hidden_names_stay_hidden_in_a_lockout() {
    let policy = LanPolicy { bad_password: three(), hide_usernames: true, ..LanPolicy::default() };
    let mut machine = Machine::with_lan(policy);
    let mut told = |name: &str| {
        let mut told = Vec::new();
        for _ in 0..2 {
            let (id, status) = begin(&mut machine, name);
            told.extend([status, end(&mut machine, id)]);
        }
        let under_way = [(); 2].map(|()| begin(&mut machine, name));
        for (id, status) in under_way {
            told.extend([status, end(&mut machine, id)]);
        }
        told
    };
    assert_eq!(told("admin"), told("nobody"));
    assert!(machine.bmc.is_locked_out(machine.now, 2));
}
