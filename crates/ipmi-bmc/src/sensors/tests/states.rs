//! States: events, re-arming, latches, and what survives a restart.

use super::*;

const P: u8 = 0x41;
const LID: u8 = 0x40;
const MANUAL: u8 = PER_EVENT;

fn latching_lid() -> Rig {
    let plan = SensorPlan { latched: 1, ..SensorPlan::default() };
    let mut rig = Rig::with(Record::Compact(lid(LID)), plan);
    rig.states(LID, 0);
    rig
}

#[test]
fn each_state_is_told_when_it_comes_and_when_it_goes() {
    let mut rig = Rig::of(Record::Compact(discrete(P, 1)));
    rig.states(P, 0b0001);
    assert_eq!(rig.events(), [(true, [0, 0xff, 0xff])]);
    // What goes, goes first. A state that the record does not have is not reported.
    rig.states(P, 0b1_0110);
    assert_eq!(rig.offsets(), [(false, 0), (true, 1), (true, 2)]);
    assert_eq!(rig.reading(P).states, 0b0110);
    let status = rig.engine.event_status(rig.now, P).unwrap();
    assert_eq!(status.events, EventBits { assertion: 0b0110, deassertion: 0b0001 });
}

#[test]
fn what_is_usual_is_no_news_at_first() {
    let plan = SensorPlan { usual: 0b0001, ..SensorPlan::default() };
    let mut rig = Rig::with(Record::Compact(discrete(P, 1)), plan);
    rig.states(P, 0b0011);
    assert_eq!(rig.offsets(), [(true, 1)]);
    rig.states(P, 0b0000);
    assert_eq!(rig.offsets(), [(false, 1), (false, 0)]);
}

#[test]
fn a_restart_repeats_nothing_and_misses_nothing() {
    let mut rig = Rig::new(
        vec![Record::Compact(discrete(P, 1)), Record::Full(temperature(1))],
        Plan::default(),
    );
    rig.states(P, 0b0011);
    rig.value(1, 75.0);
    assert_eq!(rig.offsets().len(), 4);
    rig.restart();
    // In the hysteresis of upper critical: the comparator remembers, too.
    rig.states(P, 0b0011);
    rig.value(1, 68.0);
    assert_eq!(rig.offsets(), []);
    rig.restart();
    rig.bench.says = [(P, Measurement::States(0b0001)), (1, Measurement::Value(40.0))].into();
    rig.wait(Duration::from_secs(1));
    assert_eq!(rig.offsets(), [(false, 9), (false, 7), (false, 1)]);
}

#[test]
fn a_sensor_that_is_re_armed_by_hand_is_silent_until_then() {
    let mut record = discrete(P, 1);
    record.sensor.capabilities = MANUAL;
    let mut rig = Rig::of(Record::Compact(record));
    for states in [1, 0, 1, 0, 1] {
        rig.states(P, states);
    }
    assert_eq!(rig.offsets(), [(true, 0), (false, 0)]);
    let status = rig.engine.event_status(rig.now, P).unwrap();
    assert_eq!(status.events, EventBits { assertion: 1, deassertion: 1 });
    // Still the case: told at once.
    rig.engine.rearm(P, None).unwrap();
    assert_eq!(rig.offsets(), [(true, 0)]);
    rig.states(P, 0);
    assert_eq!(rig.offsets(), [(false, 0)]);
    // One of the two directions alone.
    rig.engine.rearm(P, Some(EventBits { assertion: 1, deassertion: 0 })).unwrap();
    rig.states(P, 1);
    rig.states(P, 0);
    assert_eq!(rig.offsets(), [(true, 0)]);
    assert_eq!(rig.engine.rearm(0x77, None), Err(CompletionCode::NOT_PRESENT));
}

#[test]
fn thresholds_are_re_armed_like_states() {
    let mut rig = Rig::of(Record::Full(temperature(1)));
    rig.value(1, 72.0);
    assert_eq!(rig.offsets(), [(true, 7), (true, 9)]);
    rig.engine.rearm(1, Some(EventBits { assertion: 1 << 9, deassertion: 0 })).unwrap();
    assert_eq!(rig.offsets(), [(true, 9)]);
    // In the hysteresis a comparator that is re-armed begins anew.
    rig.value(1, 68.0);
    rig.engine.rearm(1, None).unwrap();
    assert_eq!(rig.offsets(), [(true, 7)]);
}

#[test]
fn an_open_lid_stays_reported_until_somebody_clears_it() {
    let mut rig = latching_lid();
    rig.states(LID, 1);
    rig.states(LID, 0);
    assert_eq!((rig.offsets(), rig.reading(LID).states), (vec![(true, 0)], 1));
    assert_eq!(rig.engine.intrusion(), Some(true));
    rig.engine.rearm(LID, None).unwrap();
    assert_eq!((rig.offsets(), rig.reading(LID).states), (vec![(false, 0)], 0));
    assert_eq!(rig.engine.intrusion(), Some(false));
    // And it is news the next time.
    rig.states(LID, 1);
    assert_eq!(rig.offsets(), [(true, 0)]);
}

#[test]
fn a_lid_that_is_still_open_cannot_be_cleared() {
    let mut rig = latching_lid();
    rig.states(LID, 1);
    rig.engine.reset();
    rig.bench.off = true;
    rig.wait(Duration::from_secs(1));
    rig.bench.off = false;
    rig.wait(Duration::from_secs(1));
    assert_eq!((rig.offsets(), rig.engine.intrusion()), (vec![(true, 0)], Some(true)));
    // Re-armed, it tells that it is open.
    rig.engine.rearm(LID, None).unwrap();
    assert_eq!((rig.offsets(), rig.engine.intrusion()), (vec![(true, 0)], Some(true)));
}

#[test]
fn power_on_and_a_cold_reset_clear_a_latch_and_power_off_does_not() {
    for reset in [false, true] {
        let mut rig = latching_lid();
        rig.states(LID, 1);
        rig.states(LID, 0);
        rig.bench.off = true;
        rig.wait(Duration::from_secs(1));
        assert_eq!(rig.engine.intrusion(), Some(true));
        if reset {
            rig.engine.reset();
        } else {
            rig.bench.off = false;
            rig.wait(Duration::ZERO);
        }
        assert_eq!(rig.engine.intrusion(), Some(false));
        assert_eq!(rig.offsets(), [(true, 0), (false, 0)]);
        rig.states(LID, 1);
        assert_eq!(rig.offsets(), [(true, 0)], "it was re-armed");
    }
}

/// The lid is opened and closed within a power cycle of the machine, and seen by nobody else.
#[test]
fn what_happens_just_before_power_on_is_seen_before_the_latch_goes() {
    let mut rig = latching_lid();
    rig.bench.off = true;
    rig.wait(Duration::from_secs(1));
    rig.bench.says.insert(LID, Measurement::States(1));
    rig.bench.off = false;
    rig.wait(Duration::ZERO);
    assert_eq!(rig.engine.intrusion(), Some(true));
}

#[test]
fn a_latch_survives_a_restart() {
    let mut rig = latching_lid();
    rig.states(LID, 1);
    rig.states(LID, 0);
    rig.restart();
    assert_eq!(rig.engine.intrusion(), Some(true));
    rig.states(LID, 0);
    assert_eq!((rig.offsets(), rig.reading(LID).states), (vec![], 1));
    rig.engine.rearm(LID, None).unwrap();
    assert_eq!(rig.offsets(), [(false, 0)]);
    // What is over is not kept any more.
    rig.restart();
    assert!(rig.store.is_empty());
}

#[test]
fn a_latch_without_a_reading_is_not_let_go() {
    let mut rig = latching_lid();
    rig.states(LID, 1);
    rig.say(LID, Measurement::Unavailable);
    rig.engine.unlatch();
    assert_eq!(rig.engine.intrusion(), Some(true));
}

#[test]
fn what_the_controller_knows_itself_is_not_scanned() {
    let plan = SensorPlan { source: Source::Controller, ..SensorPlan::default() };
    let mut rig = Rig::with(Record::Compact(discrete(P, 1)), plan);
    rig.states(P, 1);
    assert_eq!((rig.bench.scans.len(), rig.engine.poll_timeout()), (0, None));
    assert!(rig.available(P));
    rig.engine.report(rig.now, SensorType::POWER_SUPPLY, 0b0010);
    rig.engine.report(rig.now, SensorType::BATTERY, 0b0100);
    rig.wait(Duration::from_secs(3600));
    assert_eq!((rig.offsets(), rig.reading(P).states), (vec![(true, 1)], 0b0010));
}

#[test]
fn without_an_event_receiver_nothing_is_sent_and_with_one_all_is_told_anew() {
    let mut rig = Rig::of(Record::Compact(discrete(P, 1)));
    rig.engine.send_events(false);
    rig.states(P, 0b0101);
    assert_eq!((rig.offsets(), rig.engine.sends_events()), (vec![], false));
    rig.engine.send_events(true);
    assert_eq!(rig.offsets(), [(true, 0), (true, 2)]);
    // Also to a receiver that is set again; but a latch is another matter.
    let mut rig = latching_lid();
    rig.states(LID, 1);
    rig.states(LID, 0);
    rig.offsets();
    rig.engine.send_events(true);
    assert_eq!((rig.offsets(), rig.engine.intrusion()), (vec![(true, 0)], Some(true)));
}
