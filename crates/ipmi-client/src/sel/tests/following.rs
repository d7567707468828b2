use super::*;

const TICK: Duration = Duration::from_secs(5);

/// What is told until nothing more is, for a while.
pub(super) async fn told(follow: &mut Follow) -> Vec<String> {
    let mut told = Vec::new();
    while let Ok(item) = tokio::time::timeout(4 * TICK, follow.next()).await {
        told.push(match item.unwrap() {
            Followed::Event(record) => record.to_bytes()[14].to_string(),
            Followed::Gap(gap) => format!("{gap:?}"),
            Followed::Interrupted(_) => "interrupted".to_owned(),
            Followed::Resumed => "resumed".to_owned(),
        });
        assert!(told.len() < 1000);
    }
    told
}

#[tokio::test(start_paused = true)]
async fn new_events_are_told_once_and_silence_costs_one_exchange() {
    let machine = machine(50);
    let mut follow = machine.bmc().follow_sel(Start::Now, TICK);
    assert!(told(&mut follow).await.is_empty());
    for n in [101, 102, 103] {
        machine.world().log(n);
    }
    assert_eq!(told(&mut follow).await, ["101", "102", "103"]);
    assert_eq!(follow.position().unwrap().id(), 53);
    machine.requests();
    assert!(told(&mut follow).await.is_empty());
    assert!(machine.requests() <= 4);

    let mut all = machine.bmc().follow_sel(Start::Oldest, TICK);
    assert_eq!(told(&mut all).await.len(), 53);
    // From where another process left off.
    let position = follow.position().unwrap();
    machine.world().log(104);
    let mut next = machine.bmc().follow_sel(Start::After(position), TICK);
    assert_eq!(told(&mut next).await, ["104"]);
    assert_eq!(told(&mut follow).await, ["104"]);
}

#[tokio::test(start_paused = true)]
async fn an_empty_log_is_followed_from_its_first_record_on() {
    let machine = machine(0);
    let mut follow = machine.bmc().follow_sel(Start::Now, TICK);
    assert!(told(&mut follow).await.is_empty());
    machine.world().log(7);
    assert_eq!(told(&mut follow).await, ["7"]);
    machine.world().log(8);
    assert_eq!(told(&mut follow).await, ["8"]);
}

#[tokio::test(start_paused = true)]
async fn clearing_is_a_gap_and_what_comes_after_it_is_told() {
    let machine = machine(20);
    let mut follow = machine.bmc().follow_sel(Start::Now, TICK);
    told(&mut follow).await;
    machine.world().log(99);
    machine.world().clear_sel();
    (30..33).for_each(|n| {
        machine.world().log(n);
    });
    assert_eq!(told(&mut follow).await, ["Cleared", "30", "31", "32"]);
    // Seen, cleared, and as many again: the numbers are the same.
    machine.world().clear_sel();
    (40..43).for_each(|n| {
        machine.world().log(n);
    });
    assert_eq!(told(&mut follow).await, ["Cleared", "40", "41", "42"]);
    machine.world().clear_sel();
    assert_eq!(told(&mut follow).await, ["Cleared"]);
    machine.world().log(50);
    assert_eq!(told(&mut follow).await, ["50"]);
}

#[tokio::test(start_paused = true)]
async fn the_last_record_seen_may_be_deleted() {
    let machine = machine(20);
    let mut follow = machine.bmc().follow_sel(Start::Now, TICK);
    told(&mut follow).await;
    machine.world().forget(|id| id == 20);
    assert_eq!(told(&mut follow).await, ["Deleted"]);
    machine.world().log(77);
    assert_eq!(told(&mut follow).await, ["77"]);
    // An old one goes, and a new one comes.
    machine.world().forget(|id| id == 3);
    machine.world().log(78);
    assert_eq!(told(&mut follow).await, ["Deleted", "78"]);
}

#[tokio::test(start_paused = true)]
async fn a_full_log_that_overwrites_its_oldest_records_is_followed() {
    let machine = machine(20);
    let mut follow = machine.bmc().follow_sel(Start::Now, TICK);
    told(&mut follow).await;
    let overwrite = |n: u8| {
        let mut world = machine.world();
        world.log(n);
        world.sel.remove(0);
        world.sel_info.entries = 20;
    };
    (100..105).for_each(overwrite);
    assert_eq!(told(&mut follow).await, ["100", "101", "102", "103", "104"]);
    // Faster than it is looked at.
    (110..140).for_each(overwrite);
    let told = told(&mut follow).await;
    assert_eq!((told[0].as_str(), told.len()), ("Overwritten", 21));
    assert_eq!(told[20], "139");
}

#[tokio::test(start_paused = true)]
async fn numbers_that_begin_anew_are_followed() {
    let machine = Machine::new();
    machine.world().next_event = 0xfffc;
    (1..=2).for_each(|n| {
        machine.world().log(n);
    });
    let mut follow = machine.bmc().follow_sel(Start::Oldest, TICK);
    assert_eq!(told(&mut follow).await, ["1", "2"]);
    (3..=6).for_each(|n| {
        machine.world().log(n);
    });
    assert_eq!(told(&mut follow).await, ["3", "4", "5", "6"]);
    assert_eq!(follow.position().unwrap().id(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_second_event_in_the_same_second_is_not_missed() {
    // Full, so that the count does not show it, and the time is the same.
    let machine = machine(20);
    let mut follow = machine.bmc().follow_sel(Start::Now, Duration::from_millis(500));
    told(&mut follow).await;
    let overwrite = |n: u8| {
        let mut world = machine.world();
        world.log(n);
        world.sel.remove(0);
        world.sel_info.entries = 20;
    };
    overwrite(60);
    assert!(matches!(follow.next().await, Ok(Followed::Event(_))));
    overwrite(61);
    machine.world().sel_info.last_addition -= 1;
    let Ok(Followed::Event(record)) = follow.next().await else { panic!() };
    assert_eq!(record.to_bytes()[14], 61);
}

#[tokio::test(start_paused = true)]
async fn a_log_without_a_clock_is_looked_into_each_time() {
    let machine = machine(20);
    machine.world().sel_info.last_addition = u32::MAX;
    let mut follow = machine.bmc().follow_sel(Start::Now, TICK);
    assert!(told(&mut follow).await.is_empty());
    {
        let mut world = machine.world();
        let mut record = world.sel[19];
        (record[0], record[14]) = (21, 99);
        world.sel.push(record);
    }
    assert_eq!(told(&mut follow).await, ["99"]);
}

#[tokio::test(start_paused = true)]
async fn a_bmc_that_restarts_is_followed_on() {
    let machine = machine(3);
    let mut follow = machine.bmc().follow_sel(Start::Now, TICK);
    told(&mut follow).await;
    machine.world().log(10);
    let mut failures = 4;
    machine.hook(move |_, request| {
        let fails = failures > 0;
        failures -= i32::from(fails);
        fails.then(|| Err(lost(request)))
    });
    let mut all = Vec::new();
    for _ in 0..4 {
        all.extend(told(&mut follow).await);
    }
    assert_eq!(all, ["interrupted", "resumed", "10"]);
    // Interrupted in the middle of reading: told on from there.
    (11..=15).for_each(|n| {
        machine.world().log(n);
    });
    let mut reads = 0;
    machine.hook(move |_, request| {
        let read = is::<GetSelEntry>(request);
        reads += u32::from(read);
        // The whole record, and the piece of it that is tried then, each in two sessions.
        (read && (4..=7).contains(&reads)).then(|| Err(lost(request)))
    });
    let mut all = Vec::new();
    for _ in 0..4 {
        all.extend(told(&mut follow).await);
    }
    assert_eq!(all, ["11", "12", "interrupted", "resumed", "13", "14", "15"]);
}

#[tokio::test(start_paused = true)]
async fn what_waiting_does_not_mend_ends_it() {
    let machine = machine(3);
    machine.hook(|_, request| is::<GetSelInfo>(request).then(|| Ok(code(0xd4))));
    let error = machine.bmc().follow_sel(Start::Now, TICK).next().await.unwrap_err();
    assert_eq!(error.completion(), Some(CompletionCode::INSUFFICIENT_PRIVILEGE));
}

#[tokio::test(start_paused = true)]
async fn lost_events_of_a_full_log_are_told_of() {
    let machine = machine(3);
    let mut follow = machine.bmc().follow_sel(Start::Now, TICK);
    told(&mut follow).await;
    machine.world().sel_info.operations.overflow = true;
    assert_eq!(told(&mut follow).await, ["Overflow"]);
    assert!(told(&mut follow).await.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever is done to the log between two looks: no event twice, and none missed that is
    /// still there.
    #[test]
    fn nothing_is_told_twice_and_nothing_missed(
        steps in proptest::collection::vec((0..10u8, 0..40u16), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let machine = machine(5);
            let mut follow = machine.bmc().follow_sel(Start::Oldest, TICK);
            let (mut seen, mut mark) = (std::collections::HashSet::new(), 0u16);
            for (step, id) in steps {
                match step {
                    0 => machine.world().clear_sel(),
                    1 => machine.world().forget(|each| each == id),
                    2 => {
                        let last = machine.world().next_event - 1;
                        machine.world().forget(|each| each == last);
                    }
                    3..=6 => {
                        mark += 1;
                        // Two bytes of the data make each event unlike any other.
                        let [low, high] = mark.to_le_bytes();
                        let mut record =
                            [0, 0, 2, 0, 0, 0, 0, 0x20, 0, 4, 1, 1, 1, 0x57, low, high];
                        record[3] = low;
                        machine.world().log_record(record);
                    }
                    _ => {
                        let looked = std::time::Duration::from_secs(6);
                        while let Ok(item) = tokio::time::timeout(looked, follow.next()).await {
                            if let Followed::Event(record) = item.unwrap() {
                                let mark = record.to_bytes()[14..].to_vec();
                                assert!(seen.insert((mark, record.to_bytes()[..2].to_vec())));
                            }
                        }
                        for record in &machine.world().sel {
                            assert!(seen.contains(&(record[14..].to_vec(), record[..2].to_vec())));
                        }
                    }
                }
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn whoever_goes_away_in_between_misses_nothing_and_hears_nothing_twice(
        steps in prop::collection::vec((0..4u8, 0..30usize, 0..12u8), 1..30),
    ) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().unwrap().block_on(async {
            let machine = machine(20);
            let mut follow = machine.bmc().follow_sel(Start::Now, TICK);
            told(&mut follow).await;
            let (mut logged, mut heard) = (Vec::new(), Vec::new());
            let mut next = 100u8;
            for (events, turns, fails) in steps {
                for _ in 0..events {
                    machine.world().log(next);
                    logged.push(next.to_string());
                    next += 1;
                }
                let mut requests = 0;
                machine.hook(move |_, request| {
                    requests += 1;
                    (requests == fails).then(|| Err(lost(request)))
                });
                tokio::time::advance(TICK).await;
                let go_away = async {
                    for _ in 0..turns {
                        tokio::task::yield_now().await;
                    }
                };
                tokio::select! {
                    biased;
                    item = follow.next() => if let Followed::Event(record) = item.unwrap() {
                        heard.push(record.to_bytes()[14].to_string());
                    },
                    () = go_away => {}
                }
            }
            machine.unhook();
            for _ in 0..3 {
                let rest = told(&mut follow).await;
                heard.extend(rest.into_iter().filter(|word| word.parse::<u8>().is_ok()));
            }
            prop_assert_eq!(heard, logged);
            Ok(())
        })?;
    }
}
