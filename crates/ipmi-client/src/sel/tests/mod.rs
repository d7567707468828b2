use std::sync::Arc;
use std::time::Duration;

use ipmi_wire::cmd::storage::{AddSelEntry, ClearSel, DeleteSelEntry, EraseAction};
use proptest::prelude::*;

use super::*;
use crate::fake::{Machine, code, is, lost, of};
use crate::outcome::Verdict;

fn machine(events: u8) -> Arc<Machine> {
    let machine = Machine::new();
    (1..=events).for_each(|n| {
        machine.world().log(n);
    });
    machine
}

/// What tells the events of [`machine`] apart.
fn marks(records: &[SelRecord]) -> Vec<u8> {
    records.iter().map(|record| record.to_bytes()[14]).collect()
}

fn ids(records: &[SelRecord]) -> Vec<u16> {
    records.iter().map(SelRecord::id).collect()
}

#[tokio::test]
async fn the_whole_log_takes_an_exchange_a_record_and_two_more() {
    let machine = machine(20);
    let log = machine.bmc().sel_log().await.unwrap();
    assert_eq!(machine.requests(), 20 + 2);
    assert_eq!(marks(&log.records), (1..=20).collect::<Vec<_>>());
    assert_eq!((log.ending, log.info.entries), (Ending::Complete, 20));
    assert!(Machine::new().bmc().sel_entries().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_added_while_the_log_is_read_is_read_too_and_nothing_twice() {
    let machine = machine(5);
    let mut reads = 0;
    machine.hook(move |world, request| {
        reads += u32::from(is::<GetSelEntry>(request));
        if reads == 5 || reads == 7 {
            reads += 1;
            world.log(100);
        }
        None
    });
    let log = machine.bmc().sel_log().await.unwrap();
    assert_eq!(marks(&log.records), [1, 2, 3, 4, 5, 100, 100]);
    assert_eq!((ids(&log.records), log.ending), ((1..=7).collect(), Ending::Complete));
}

#[tokio::test]
async fn a_log_that_is_changed_while_it_is_read_is_read_again_or_reported() {
    let machine = machine(5);
    let mut reads = 0;
    machine.hook(move |world, request| {
        reads += u32::from(is::<GetSelEntry>(request));
        if reads == 4 {
            reads = 100;
            world.forget(|id| id == 2);
        }
        None
    });
    let log = machine.bmc().sel_log().await.unwrap();
    assert_eq!((marks(&log.records), log.ending), (vec![1, 3, 4, 5], Ending::Complete));

    let machine = self::machine(5);
    machine.hook(|world, request| {
        world.sel_info.last_erase += u32::from(is::<GetSelInfo>(request));
        None
    });
    assert_eq!(machine.bmc().sel_log().await.unwrap().ending, Ending::Changing);
}

#[tokio::test]
async fn the_newest_records_cost_two_exchanges_more_than_they_are() {
    for (events, count) in [(100, 5), (100, 1), (250, 40)] {
        let machine = machine(events);
        let log = machine.bmc().sel_recent(count).await.unwrap();
        assert_eq!(machine.requests(), count + 2, "{count} of {events}");
        let first = events - u8::try_from(count).unwrap() + 1;
        assert_eq!(marks(&log.records), (first..=events).collect::<Vec<_>>());
    }
    // All that there are, and a few more than that.
    let machine = machine(7);
    assert_eq!(marks(&machine.bmc().sel_recent(6).await.unwrap().records), [2, 3, 4, 5, 6, 7]);
    assert_eq!(machine.bmc().sel_recent(60).await.unwrap().records.len(), 7);
    assert!(machine.bmc().sel_recent(0).await.unwrap().records.is_empty());
}

#[tokio::test]
async fn holes_cost_a_few_exchanges_more() {
    // The guess for the last five, 96, is in the hole.
    let machine = machine(100);
    machine.world().forget(|id| (92..=97).contains(&id));
    let log = machine.bmc().sel_recent(5).await.unwrap();
    assert_eq!(ids(&log.records), [90, 91, 98, 99, 100]);
    assert!(machine.requests() <= 5 + 2 + 7);
    // A hole in the middle makes the first guess too late.
    machine.world().forget(|id| (80..=85).contains(&id));
    let log = machine.bmc().sel_recent(14).await.unwrap();
    let expected = [75, 76, 77, 78, 79, 86, 87, 88, 89, 90, 91, 98, 99, 100];
    assert_eq!(ids(&log.records), expected);
}

#[tokio::test]
async fn numbers_that_are_steps_apart_are_guessed_as_well() {
    let machine = machine(100);
    {
        let mut world = machine.world();
        for (record, n) in world.sel.iter_mut().zip(1u16..) {
            record[..2].copy_from_slice(&(n * 20).to_le_bytes());
        }
    }
    let log = machine.bmc().sel_recent(5).await.unwrap();
    assert_eq!(ids(&log.records), [1920, 1940, 1960, 1980, 2000]);
    assert!(machine.requests() < 30);
}

#[tokio::test]
async fn numbers_that_make_no_sense_lead_to_the_whole_log() {
    let scramble = |machine: &Arc<Machine>| {
        let mut world = machine.world();
        for (record, n) in world.sel.iter_mut().zip(1u16..) {
            record[..2].copy_from_slice(&n.wrapping_mul(7919).to_le_bytes());
        }
    };
    let first = machine(60);
    scramble(&first);
    let log = first.bmc().sel_recent(5).await.unwrap();
    assert_eq!(marks(&log.records), [56, 57, 58, 59, 60]);

    // Numbers that began anew just now.
    let machine = Machine::new();
    machine.world().next_event = 0xfffe - 50;
    (1..=60).for_each(|n| {
        machine.world().log(n);
    });
    let log = machine.bmc().sel_recent(20).await.unwrap();
    assert_eq!(marks(&log.records), (41..=60).collect::<Vec<_>>());

    // A BMC that gives another record in place of one that it does not have.
    let machine = self::machine(60);
    machine.world().forget(|id| (50..=58).contains(&id));
    machine.hook(|world, request| {
        let missing =
            of::<GetSelEntry>(request).is_some_and(|get| (50..=58).contains(&get.record_id));
        missing.then(|| {
            let get = GetSelEntry::whole(GetSelEntry::FIRST);
            Ok(world.answer(&ipmi_wire::Request::of(&get)))
        })
    });
    let log = machine.bmc().sel_recent(5).await.unwrap();
    assert_eq!(marks(&log.records), [47, 48, 49, 59, 60]);
}

#[tokio::test]
async fn what_came_after_a_record_is_read_from_there() {
    let machine = machine(50);
    let since = machine.bmc().sel_since(45).await.unwrap();
    assert_eq!((marks(&since.log.records), since.found), (vec![46, 47, 48, 49, 50], true));
    assert_eq!(machine.requests(), 7);
    assert!(machine.bmc().sel_since(50).await.unwrap().log.records.is_empty());
    machine.world().forget(|id| id == 45);
    let since = machine.bmc().sel_since(45).await.unwrap();
    assert_eq!((since.log.records.len(), since.found), (49, false));
}

#[tokio::test]
async fn an_added_record_gets_the_logs_number() {
    let machine = machine(3);
    let bmc = machine.bmc();
    let record = bmc.sel_entry(2).await.unwrap().unwrap();
    assert_eq!(bmc.sel_add(&record).await.unwrap(), 4);
    let replayed = bmc.sel_replay(&[record, record]).await.unwrap();
    assert_eq!((replayed.added, replayed.failed.is_none()), (vec![5, 6], true));
    assert_eq!(marks(&bmc.sel_entries().await.unwrap()), [1, 2, 3, 2, 2, 2]);
}

#[tokio::test]
async fn an_addition_whose_answer_was_lost_is_looked_up_and_never_doubled() {
    for (reached, others) in [(true, 0), (false, 0), (true, 2), (false, 2)] {
        for empty in [true, false] {
            let machine = machine(if empty { 0 } else { 3 });
            let record = self::machine(9).bmc().sel_entries().await.unwrap()[8];
            let mut adds = 0;
            machine.hook(move |world, request| {
                adds += u32::from(is::<AddSelEntry>(request));
                (is::<AddSelEntry>(request) && adds == 1).then(|| {
                    if reached {
                        world.answer(request);
                    }
                    (0..others).for_each(|n| {
                        world.log(100 + n);
                    });
                    Err(lost(request))
                })
            });
            let id = machine.bmc().sel_add(&record).await.unwrap();
            let log = machine.bmc().sel_entries().await.unwrap();
            let nines: Vec<_> = log.iter().filter(|record| record.to_bytes()[14] == 9).collect();
            assert_eq!(nines.len(), 1, "{reached} {others} {empty}");
            assert_eq!(nines[0].id(), id);
        }
    }
}

#[tokio::test]
async fn every_deletion_has_an_outcome_of_its_own() {
    let machine = machine(6);
    machine.world().lose_reservations = 2;
    machine.hook(|_, request| {
        let fourth = of::<DeleteSelEntry>(request).is_some_and(|d| d.record_id == 4);
        fourth.then(|| Ok(code(0x80)))
    });
    let outcomes = machine.bmc().sel_delete(&[2, 9, 4, 0, 0xffff, 6]).await.unwrap();
    let words: Vec<_> = outcomes
        .iter()
        .map(|(id, outcome)| {
            (
                *id,
                match outcome {
                    Deletion::Deleted => "deleted",
                    Deletion::NotThere => "not there",
                    Deletion::Refused(_) => "refused",
                    Deletion::Unknown(_) => "unknown",
                    Deletion::NotTried => "not tried",
                },
            )
        })
        .collect();
    assert_eq!(
        words,
        [
            (2, "deleted"),
            (9, "not there"),
            (4, "refused"),
            // To the BMC these would be the first and the last.
            (0, "not there"),
            (0xffff, "not there"),
            (6, "deleted"),
        ]
    );
    assert_eq!(marks(&machine.bmc().sel_entries().await.unwrap()), [1, 3, 4, 5]);
}

#[tokio::test]
async fn a_deletion_whose_answer_was_lost_is_looked_up() {
    for reached in [true, false] {
        let machine = machine(3);
        machine.hook(move |world, request| {
            is::<DeleteSelEntry>(request).then(|| {
                if reached {
                    world.answer(request);
                }
                Err(lost(request))
            })
        });
        let outcomes = machine.bmc().sel_delete(&[2, 3]).await.unwrap();
        match &outcomes[..] {
            [(2, Deletion::Deleted), (3, Deletion::Deleted)] => assert!(reached),
            // Still there, each of the three times that this was looked up.
            [(2, Deletion::Refused(error)), (3, Deletion::Refused(_))] => {
                assert_eq!(error.outcome().unwrap().verdict, Verdict::NotDone);
                assert!(!reached);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(machine.count::<DeleteSelEntry>(), if reached { 2 } else { 2 * 3 });
    }
    // Where it cannot be looked up either nobody knows, and nothing more is tried.
    let machine = machine(3);
    let mut lost_one = false;
    machine.hook(move |_, request| {
        lost_one |= is::<DeleteSelEntry>(request);
        lost_one.then(|| Err(lost(request)))
    });
    let outcomes = machine.bmc().sel_delete(&[2, 3]).await.unwrap();
    let [(2, Deletion::Unknown(error)), (3, Deletion::NotTried)] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert!(error.is_unknown() && error.outcome().unwrap().seen[0].seen.contains("no answer"));
    assert_eq!(machine.count::<DeleteSelEntry>(), 1);
}

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(start_paused = true)]
async fn clearing_waits_until_it_is_done() {
    let machine = machine(9);
    (machine.world()).erasing = 5;
    (machine.world()).lose_reservations = 3;
    machine.bmc().sel_clear(PATIENCE).await.unwrap();
    assert!(machine.world().sel.is_empty());
    // Three were refused, the fourth was carried out, and then it was asked six times.
    assert_eq!(machine.count::<ClearSel>(), 4 + 6);
    // Longer than anybody wants to wait.
    machine.world().erasing = u32::MAX;
    let error = machine.bmc().sel_clear(PATIENCE).await.unwrap_err();
    assert!(matches!(*error.kind, ErrorKind::Inconsistent(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_clearing_whose_answer_was_lost_is_looked_up_and_never_repeated() {
    for reached in [true, false] {
        let machine = machine(9);
        machine.hook(move |world, request| {
            let clear = of::<ClearSel>(request)?;
            (clear.action == EraseAction::Initiate).then(|| {
                if reached {
                    world.answer(request);
                    world.log(200);
                }
                // It is not repeated, although it might be: what was logged since would go too.
                Err(ErrorKind::Call(crate::Failure::Uncertain))
            })
        });
        let outcome = machine.bmc().sel_clear(PATIENCE).await;
        let verdict = outcome.err().and_then(|error| error.outcome().map(|found| found.verdict));
        assert_eq!(verdict, (!reached).then_some(Verdict::NotDone));
        assert_eq!(machine.count::<ClearSel>(), 1);
        assert_eq!(machine.world().sel.len(), if reached { 1 } else { 9 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_clearing_that_was_never_sent_did_not_happen_although_the_log_is_empty() {
    use crate::Failure;
    let (wanted, completion) = (ipmi_wire::Privilege::Operator, CompletionCode(0x81));
    let refused = move || Failure::PrivilegeRefused { wanted, completion };
    let machine = machine(0);
    machine
        .hook(move |_, request| is::<ClearSel>(request).then(|| Err(ErrorKind::Call(refused()))));
    let begun = tokio::time::Instant::now();
    let error = machine.bmc().sel_clear(PATIENCE).await.unwrap_err();
    assert!(matches!(*error.kind, ErrorKind::Call(Failure::PrivilegeRefused { .. })), "{error}");
    // Nor is a BMC waited for that has not even given a reservation.
    machine.hook(|_, request| is::<ReserveSel>(request).then(|| Err(lost(request))));
    machine.bmc().sel_clear(PATIENCE).await.unwrap_err();
    assert!(begun.elapsed() < PATIENCE);
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_deletion_is_not_taken_for_the_clearing() {
    let machine = machine(9);
    machine.hook(move |world, request| {
        is::<ClearSel>(request).then(|| {
            world.forget(|id| id == 3);
            // Later than all that is left.
            world.sel_info.last_erase = world.sel_info.last_addition + 1;
            Err(ErrorKind::Call(crate::Failure::Uncertain))
        })
    });
    let error = machine.bmc().sel_clear(PATIENCE).await.unwrap_err();
    assert!(error.is_unknown(), "{error}");
    assert_eq!(machine.world().sel.len(), 8);
}

#[tokio::test(start_paused = true)]
async fn openbmc_that_minds_the_reservation_of_a_status_request_is_understood() {
    let machine = machine(9);
    machine.hook(|world, request| {
        let clear = of::<ClearSel>(request)?;
        let stale = clear.reservation.0 != world.reservation;
        (clear.action == EraseAction::Status && stale).then(|| Ok(code(0xc5)))
    });
    machine.bmc().sel_clear(PATIENCE).await.unwrap();
    assert!(machine.world().sel.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_being_erased_is_waited_for() {
    let machine = machine(3);
    let mut refusals = 3;
    machine.hook(move |_, request| {
        let about_it = is::<GetSelInfo>(request) && refusals > 0;
        refusals -= i32::from(about_it);
        about_it.then(|| Ok(code(0x81)))
    });
    assert_eq!(machine.bmc().sel_entries().await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_record_that_is_found_under_two_numbers_is_one() {
    let machine = machine(3);
    {
        // H8QME: after the second record, the first comes again under the number 9.
        let mut world = machine.world();
        let first = world.sel[0];
        world.sel.push(first);
    }
    machine.hook(|world, request| {
        let get = of::<GetSelEntry>(request)?;
        let data = |next: u16, at: usize, world: &crate::fake::World| {
            let data = [&next.to_le_bytes()[..], &world.sel[at]].concat();
            Some(Ok(ipmi_wire::Response { completion: CompletionCode::OK, data }))
        };
        match get.record_id {
            0 => data(2, 0, world),
            3 => data(9, 2, world),
            9 => data(0xffff, 1, world),
            _ => None,
        }
    });
    let records = machine.bmc().sel_entries().await.unwrap();
    assert_eq!(marks(&records), [1, 2, 3]);
}

#[tokio::test]
async fn a_bmc_that_gives_no_more_than_eight_bytes_at_once_is_read() {
    let machine = machine(4);
    machine.world().most = 8;
    assert_eq!(marks(&machine.bmc().sel_entries().await.unwrap()), [1, 2, 3, 4]);
    assert_eq!(marks(&machine.bmc().sel_recent(1).await.unwrap().records), [4]);
}

proptest! {
    #[test]
    fn records_survive_their_raw_form(raw in proptest::collection::vec(any::<[u8; 16]>(), 0..9)) {
        let bytes = raw.concat();
        let records = from_raw(&bytes).unwrap();
        prop_assert_eq!(records.len(), raw.len());
        prop_assert_eq!(from_raw(&to_raw(&records)).unwrap(), records);
        if !bytes.is_empty() {
            prop_assert!(from_raw(&bytes[..bytes.len() - 1]).is_err());
        }
    }
}

mod doubtful;
mod following;
