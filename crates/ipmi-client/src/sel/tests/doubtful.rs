//! BMCs that make it hard to know which record is which.

use ipmi_wire::Response;
use ipmi_wire::cmd::storage::EraseProgress;

use super::*;
use crate::sel::tests::following::told;

const TICK: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn an_empty_log_is_empty_however_the_bmc_says_so() {
    for refusal in [0xc9, 0xcb, 0xd5, 0xff] {
        let machine = machine(0);
        machine.hook(move |_, request| is::<GetSelEntry>(request).then(|| Ok(code(refusal))));
        assert!(machine.bmc().sel_entries().await.unwrap().is_empty(), "{refusal:02x}");
        assert!(machine.bmc().sel_recent(5).await.unwrap().records.is_empty(), "{refusal:02x}");
    }
}

#[tokio::test]
async fn a_bmc_that_does_not_know_the_last_record_by_that_name_is_read_from_the_first() {
    for refusal in [0xc3, 0xcb, 0xd5, 0xff] {
        let machine = machine(20);
        machine.hook(move |_, request| {
            let last = of::<GetSelEntry>(request).is_some_and(|get| get.record_id == 0xffff);
            last.then(|| Ok(code(refusal)))
        });
        let log = machine.bmc().sel_recent(3).await.unwrap();
        assert_eq!(marks(&log.records), [18, 19, 20], "{refusal:02x}");
    }
}

#[tokio::test]
async fn nothing_is_added_twice_because_the_log_cannot_be_read_to_its_end() {
    let machine = machine(3);
    let record = machine.bmc().sel_entry(2).await.unwrap().unwrap();
    let mut adds = 0;
    machine.hook(move |world, request| {
        if is::<AddSelEntry>(request) {
            adds += 1;
            // Logged, after another one that the BMC then does not give.
            world.log(77);
            world.answer(request);
            return Some(Err(lost(request)));
        }
        let odd = of::<GetSelEntry>(request).is_some_and(|get| adds > 0 && get.record_id == 4);
        odd.then(|| Ok(code(0xff)))
    });
    let replayed = machine.bmc().sel_replay(&[record]).await.unwrap();
    assert!(replayed.failed.is_some());
    assert_eq!(machine.count::<AddSelEntry>(), 1);
}

#[tokio::test]
async fn a_number_that_means_another_record_by_now_is_not_deleted() {
    // A BMC that numbers anew whenever a record is removed, and takes the reservation for that, as
    // it has to (IPMI v2.0 §31.4).
    let machine = machine(6);
    machine.hook(|world, request| {
        if !is::<DeleteSelEntry>(request) {
            return None;
        }
        let answer = world.answer(request);
        if answer.completion.is_ok() {
            for (record, id) in world.sel.iter_mut().zip(1u16..) {
                record[..2].copy_from_slice(&id.to_le_bytes());
            }
            world.reservation += 1;
        }
        Some(Ok(answer))
    });
    let outcomes = machine.bmc().sel_delete(&[2, 3, 4]).await.unwrap();
    assert!(
        matches!(
            &outcomes[..],
            [(2, Deletion::Deleted), (3, Deletion::Refused(_)), (4, Deletion::NotTried)]
        ),
        "{outcomes:?}"
    );
    machine.unhook();
    assert_eq!(marks(&machine.bmc().sel_entries().await.unwrap()), [1, 3, 4, 5, 6]);
}

#[tokio::test(start_paused = true)]
async fn the_newest_records_may_be_deleted_all_at_once() {
    let machine = machine(50);
    let mut follow = machine.bmc().follow_sel(Start::Now, TICK);
    told(&mut follow).await;
    // More than the follower ever read.
    machine.world().sel_info.last_addition += 60;
    machine.world().forget(|id| id > 40);
    let now = machine.world().sel_info.last_addition;
    machine.world().sel_info.last_erase = now;
    machine.world().log(77);
    // Forty old ones are no news.
    assert_eq!(told(&mut follow).await, ["Deleted", "77"]);
}

#[tokio::test(start_paused = true)]
async fn a_record_with_another_number_inside_is_told_once() {
    let machine = machine(50);
    machine.hook(|world, request| {
        let get = of::<GetSelEntry>(request)?;
        let mut answer = world.answer(request);
        // Asked for by its number, the last one carries 7777h.
        if get.record_id == 50 {
            answer.data[2..4].fill(0x77);
        }
        Some(Ok(answer))
    });
    let mut follow = machine.bmc().follow_sel(Start::Now, TICK);
    assert!(told(&mut follow).await.is_empty());
    machine.world().log(101);
    assert_eq!(told(&mut follow).await, ["101"]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_read_to_its_end_tells_nothing_old() {
    let machine = machine(50);
    let mut follow = machine.bmc().follow_sel(Start::Now, TICK);
    told(&mut follow).await;
    machine.hook(|_, request| {
        let odd = of::<GetSelEntry>(request).is_some_and(|get| get.record_id == 20);
        odd.then(|| Ok(code(0xff)))
    });
    machine.world().forget(|id| id == 50);
    assert_eq!(told(&mut follow).await, ["interrupted"]);
    machine.unhook();
    machine.world().log(101);
    assert_eq!(told(&mut follow).await, ["resumed", "Deleted", "101"]);
}

#[tokio::test(start_paused = true)]
async fn a_bmc_that_says_nothing_while_it_clears_is_waited_for() {
    // Silent for some looks after the request was carried out; with its answer, or without.
    for answered in [true, false] {
        let machine = machine(9);
        let mut silent = 0;
        machine.hook(move |world, request| {
            let initiate =
                of::<ClearSel>(request).is_some_and(|clear| clear.action == EraseAction::Initiate);
            if initiate {
                silent = 5;
                let answer = world.answer(request);
                return Some(if answered { Ok(answer) } else { Err(lost(request)) });
            }
            (silent > 0).then(|| {
                silent -= 1;
                Err(lost(request))
            })
        });
        machine.bmc().sel_clear(PATIENCE).await.unwrap();
    }
    // One that is gone is not waited for longer than was asked for, and then nobody knows.
    let machine = machine(9);
    let mut begun = false;
    machine.hook(move |_, request| {
        begun |= is::<ClearSel>(request);
        begun.then(|| Err(lost(request)))
    });
    let error = machine.bmc().sel_clear(PATIENCE).await.unwrap_err();
    assert!(error.is_unknown(), "{error}");
    assert_eq!(machine.count::<ClearSel>(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_bmc_that_does_not_tell_how_far_it_has_come_is_looked_at() {
    for cleared in [true, false] {
        let machine = machine(9);
        machine.hook(move |_, request| {
            let clear = of::<ClearSel>(request)?;
            let answer = Response::ok(&EraseProgress::InProgress);
            match clear.action {
                EraseAction::Status => Some(Ok(code(0xcc))),
                EraseAction::Initiate => (!cleared).then_some(Ok(answer)),
            }
        });
        assert_eq!(machine.bmc().sel_clear(PATIENCE).await.is_ok(), cleared);
    }
}
