//! What is written, in which order, and what came of it.

use std::collections::VecDeque;

use ipmi_wire::Privilege;
use ipmi_wire::cmd::transport::{AddressSource, MacAddress, SetLanConfigurationParameters};

use super::super::{Absent, Fate, LanSetOptions, LanSetting};
use super::{ip, is_set, set, written};
use crate::error::Error;
use crate::fake::{Machine, code};
use ipmi_wire::CompletionCode;

fn network() -> Vec<LanSetting> {
    vec![
        LanSetting::Vlan(Some(42)),
        LanSetting::Gateway(ip(129)),
        LanSetting::Netmask([255, 255, 255, 128].into()),
        LanSetting::Address(ip(200)),
        LanSetting::Source(AddressSource::BIOS),
        LanSetting::TimeToLive(30),
    ]
}

fn fates(outcome: &super::LanSet) -> Vec<Fate> {
    outcome.changes.iter().map(|change| change.fate).collect()
}

#[tokio::test(start_paused = true)]
async fn what_could_cut_us_off_is_written_last_in_one_transaction() {
    for staged in [false, true] {
        let machine = Machine::new();
        machine.world().lan.staged = staged;
        let outcome = set(&machine, &network()).await.unwrap();
        assert_eq!(fates(&outcome), [Fate::Kept; 6]);
        assert_eq!(outcome.claimed, Some(true));
        let order: Vec<_> = written(&machine).into_iter().map(|(selector, _)| selector).collect();
        assert_eq!(order, [0, 7, 4, 6, 12, 3, 20, 0, 0]);
        let lock = written(&machine).into_iter().filter(|(selector, _)| *selector == 0);
        assert_eq!(lock.map(|(_, state)| state).collect::<Vec<_>>(), [1, 2, 0]);
        let world = machine.world();
        assert_eq!(world.lan.parameters[&(7, 0, 0)], [30, 0x40, 0x10]);
        assert_eq!(world.lan.parameters[&(20, 0, 0)], [42, 0x80]);
        assert_eq!(world.lan.progress, 0);
    }
}

#[tokio::test]
async fn what_is_so_already_is_not_written() {
    let machine = Machine::new();
    let same = [
        LanSetting::Address(ip(1)),
        LanSetting::Vlan(None),
        LanSetting::CipherPrivilege { suite: 3, level: Some(Privilege::Administrator) },
    ];
    let outcome = set(&machine, &same).await.unwrap();
    assert_eq!((fates(&outcome), outcome.claimed), (vec![Fate::Unchanged; 3], None));
    assert!(written(&machine).is_empty() && outcome.reach.is_none());
    // Twice is as good as once. Once is: which channel, what is there, claim, write, commit,
    // complete, what is there now.
    machine.requests();
    set(&machine, &[LanSetting::ArpResponses(false)]).await.unwrap();
    assert_eq!(machine.requests(), 7);
    let again = set(&machine, &[LanSetting::ArpResponses(false)]).await.unwrap();
    assert_eq!((fates(&again), written(&machine).len()), (vec![Fate::Unchanged], 0));
}

#[tokio::test]
async fn parts_of_one_parameter_are_written_as_one_and_leave_the_rest() {
    let machine = Machine::new();
    let parts = [
        LanSetting::CipherPrivilege { suite: 0, level: None },
        LanSetting::CipherPrivilege { suite: 2, level: Some(Privilege::Operator) },
        LanSetting::BadPasswords(5),
        LanSetting::Lockout(0),
    ];
    let outcome = set(&machine, &parts).await.unwrap();
    assert_eq!(fates(&outcome), [Fate::Kept; 4]);
    assert_eq!(written(&machine).iter().filter(|(selector, _)| *selector != 0).count(), 2);
    let world = machine.world();
    assert_eq!(world.lan.parameters[&(24, 0, 0)], [0, 0x00, 0x43, 0, 0, 0, 0, 0, 0]);
    assert_eq!(world.lan.parameters[&(26, 0, 0)], [1, 5, 6, 0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn bmcs_without_set_in_progress_are_written_to_all_the_same() {
    for refusal in [0x80, 0x82, 0xc1, 0xc9, 0xcc, 0xd5] {
        let machine = Machine::new();
        machine.world().lan.lock_refused = Some(refusal);
        let outcome = set(&machine, &[LanSetting::TimeToLive(9)]).await.unwrap();
        assert_eq!((fates(&outcome), outcome.claimed), (vec![Fate::Kept], Some(false)));
        // Nothing is committed or completed that was not begun.
        assert_eq!(written(&machine), [(0, 1), (7, 9)], "{refusal:x}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_while_somebody_else_sets_unless_told_to() {
    let machine = Machine::new();
    machine.world().lan.lock_refused = Some(0x81);
    let error = set(&machine, &[LanSetting::TimeToLive(9)]).await.unwrap_err();
    assert_eq!(error.completion(), Some(CompletionCode(0x81)));
    assert!(written(&machine).iter().all(|(selector, _)| *selector == 0));
    let bmc = machine.bmc();
    let channel = bmc.lan_channel(None).await.unwrap();
    let plan = bmc.plan_lan(channel, &[LanSetting::TimeToLive(9)]).await.unwrap();
    let outcome = bmc.set_lan(&plan, LanSetOptions { ignore_lock: true }).await.unwrap();
    assert_eq!((fates(&outcome), outcome.claimed), (vec![Fate::Kept], Some(false)));
    // Whoever is done meanwhile is waited for.
    let machine = Machine::new();
    let mut left = 2;
    machine.hook(move |_, request| {
        let busy = is_set(request) && request.data[1] == 0 && left > 0;
        left -= u32::from(busy);
        busy.then(|| Ok(code(0x81)))
    });
    let outcome = set(&machine, &[LanSetting::TimeToLive(9)]).await.unwrap();
    assert_eq!(outcome.claimed, Some(true));
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_takes_back_what_was_written_and_lets_go() {
    for staged in [false, true] {
        let machine = Machine::new();
        machine.world().lan.staged = staged;
        machine.world().lan.refused.insert(20, 0xc9);
        let before = machine.world().lan.parameters.clone();
        let outcome = set(&machine, &network()).await.unwrap();
        let refused = Fate::Refused { completion: CompletionCode(0xc9), explained: None };
        let mut expected = vec![Fate::TakenBack; 6];
        expected[0] = refused;
        assert_eq!(fates(&outcome), expected);
        assert_eq!(machine.world().lan.parameters, before);
        assert_eq!(machine.world().lan.progress, 0);
        // What comes after it is not tried.
        machine.world().lan.refused.insert(4, 0x82);
        let outcome = set(&machine, &network()).await.unwrap();
        assert_eq!(outcome.changes[3].fate, Fate::NotTried);
        assert!(matches!(outcome.changes[4].fate, Fate::Refused { explained: Some(_), .. }));
        assert_eq!(outcome.changes[5].fate, Fate::TakenBack);
        assert_eq!(machine.world().lan.parameters, before);
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_does_not_fit_the_old_address_is_set_after_the_new_one() {
    let machine = Machine::new();
    machine.hook(|world, request| {
        let gateway = is_set(request) && request.data[1] == 12;
        let address = &world.lan.parameters[&(3, 0, 0)];
        (gateway && address[..3] != request.data[2..5]).then(|| Ok(code(0xcc)))
    });
    let settings =
        [LanSetting::Address([10, 0, 0, 5].into()), LanSetting::Gateway([10, 0, 0, 1].into())];
    let outcome = set(&machine, &settings).await.unwrap();
    assert_eq!(fates(&outcome), [Fate::Kept; 2]);
}

#[tokio::test(start_paused = true)]
async fn what_the_bmc_does_not_keep_is_named_with_what_it_kept() {
    let machine = Machine::new();
    machine.world().lan.ignored.push(5);
    let mac = MacAddress([2, 0, 0, 0, 0, 9]);
    let settings = [LanSetting::Mac(mac), LanSetting::TimeToLive(9)];
    let outcome = set(&machine, &settings).await.unwrap();
    assert_eq!(fates(&outcome), [Fate::NotKept, Fate::Kept]);
    let kept = LanSetting::Mac(MacAddress([0x00, 0x25, 0x90, 1, 2, 3]));
    assert_eq!(outcome.changes[0].now, Ok(kept));
    // It was tried again, and only it.
    let macs = written(&machine).into_iter().filter(|(selector, _)| *selector == 5).count();
    let ttls = written(&machine).into_iter().filter(|(selector, _)| *selector == 7).count();
    assert_eq!((macs, ttls), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_bmc_that_applies_late_is_waited_for() {
    let machine = Machine::new();
    let mut late: VecDeque<Vec<u8>> = VecDeque::new();
    let mut looks = 0;
    machine.hook(move |world, request| {
        use ipmi_wire::cmd::transport::GetLanConfigurationParameters as Get;
        if is_set(request) && request.data[1] == 7 {
            late.push_back(request.data[2..].to_vec());
            return Some(Ok(code(0)));
        }
        let get = crate::fake::of::<Get>(request).filter(|get| get.selector == 7)?;
        let _ = get;
        looks += 1;
        if looks == 4 {
            world.lan.parameters.insert((7, 0, 0), late.pop_front().unwrap());
        }
        None
    });
    let outcome = set(&machine, &[LanSetting::TimeToLive(9)]).await.unwrap();
    assert_eq!(fates(&outcome), [Fate::Kept]);
    // It was set once.
    assert_eq!(written(&machine).iter().filter(|(selector, _)| *selector == 7).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_bmc_that_loses_what_is_set_too_fast_is_given_time() {
    let machine = Machine::new();
    let mut last: Option<tokio::time::Instant> = None;
    machine.hook(move |_, request| {
        if !is_set(request) {
            return None;
        }
        let now = tokio::time::Instant::now();
        let fast = last.replace(now).is_some_and(|last| (now - last).as_millis() < 1000);
        fast.then(|| Ok(code(0)))
    });
    let outcome = set(&machine, &network()).await.unwrap();
    assert_eq!(fates(&outcome), [Fate::Kept; 6]);
    assert_eq!(machine.world().lan.progress, 0);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_goes_with_the_mask_is_put_back() {
    let machine = Machine::new();
    machine.hook(|world, request| {
        if is_set(request) && request.data[1] == 6 {
            world.lan.parameters.insert((12, 0, 0), vec![0; 4]);
        }
        None
    });
    let outcome = set(&machine, &[LanSetting::Netmask([255, 255, 0, 0].into())]).await.unwrap();
    assert_eq!(fates(&outcome), [Fate::Kept]);
    let [restored] = outcome.restored.as_slice() else { panic!("{outcome:?}") };
    assert_eq!((restored.asked, restored.fate), (LanSetting::Gateway(ip(254)), Fate::Kept));
    assert_eq!(machine.world().lan.parameters[&(12, 0, 0)], [192, 0, 2, 254]);
    // A new one is written after the mask anyway.
    machine.requests();
    let both = [LanSetting::Gateway(ip(5)), LanSetting::Netmask([255, 0, 0, 0].into())];
    let outcome = set(&machine, &both).await.unwrap();
    assert_eq!((fates(&outcome), outcome.restored.len()), (vec![Fate::Kept; 2], 0));
    assert_eq!(machine.world().lan.parameters[&(12, 0, 0)], [192, 0, 2, 5]);
}

#[tokio::test]
async fn what_the_bmc_does_not_have_is_known_before_anything_is_written() {
    let machine = Machine::new();
    let bmc = machine.bmc();
    let channel = bmc.lan_channel(None).await.unwrap();
    machine.world().lan.parameters.remove(&(10, 0, 0));
    let settings = [LanSetting::TimeToLive(9), LanSetting::ArpResponses(true)];
    let plan = bmc.plan_lan(channel, &settings).await.unwrap();
    let absent = Absent::NotSupported(CompletionCode(0x80));
    assert_eq!(plan.impossible(), [(settings[1], absent)]);
    assert_eq!(machine.count::<SetLanConfigurationParameters>(), 0);
}

#[tokio::test]
async fn a_static_address_under_dhcp_is_noticed() {
    let machine = Machine::new();
    let bmc = machine.bmc();
    let channel = bmc.lan_channel(None).await.unwrap();
    machine.world().lan.parameters.insert((4, 0, 0), vec![2]);
    let address = LanSetting::Address(ip(9));
    let plan = bmc.plan_lan(channel, &[address]).await.unwrap();
    assert!(plan.contradicts_dhcp());
    let source = LanSetting::Source(AddressSource::STATIC);
    let plan = bmc.plan_lan(channel, &[address, source]).await.unwrap();
    assert!(!plan.contradicts_dhcp());
}

#[tokio::test]
async fn a_bmc_that_answers_nobody_has_been_told_nothing() {
    let machine = Machine::new();
    machine.hook(|_, request| is_set(request).then(|| Err(crate::fake::lost(request))));
    let outcome: Result<_, Error> = set(&machine, &[LanSetting::TimeToLive(9)]).await;
    outcome.unwrap_err();
}
