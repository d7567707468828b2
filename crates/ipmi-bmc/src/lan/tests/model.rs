//! Two consoles at once, against a model of what they see.

use std::mem::take;

use proptest::prelude::*;

use super::*;

/// What two consoles do, and what it comes to.
#[derive(Clone, Copy, Debug)]
enum Move {
    Begin,
    Commit,
    Complete,
    Write(u8, u8),
    Leave,
    Wait(u64),
}

fn moves() -> impl Strategy<Value = Vec<(bool, Move)>> {
    let step = prop_oneof![
        2 => Just(Move::Begin),
        1 => Just(Move::Commit),
        1 => Just(Move::Complete),
        6 => (0u8..3, 0u8..8).prop_map(|(which, value)| Move::Write(which, value)),
        1 => Just(Move::Leave),
        1 => (1u64..50).prop_map(Move::Wait),
    ];
    prop::collection::vec((any::<bool>(), step), 1..40)
}

proptest! {
    /// A write is seen by who made it, at once; by others, at once or when it is committed; and it is
    /// kept when others see it, and not before.
    #[test]
    fn what_is_seen_is_what_holds(moves in moves()) {
        let mut bench = bench();
        let mut holds = [0u8; 3];
        let mut held: Option<(Holder, u64, BTreeMap<u8, u8>)> = None;
        let mut time = 0u64;
        let write = |which: u8, value: u8| match which {
            0 => P::VlanPriority(value),
            1 => P::Ipv6TrafficClass(value),
            _ => P::Ipv6FlowLabel(value.into()),
        };
        for (is_alice, step) in moves {
            let by = if is_alice { ALICE } else { BOB };
            held.take_if(|(_, until, _)| time >= *until);
            let owns = held.as_ref().is_some_and(|(holder, ..)| *holder == by);
            let others = held.is_some() && !owns;
            let refused = Err(CompletionCode(0x81));
            let put = |holds: &mut [u8; 3], writes: BTreeMap<u8, u8>| {
                writes.into_iter().for_each(|(which, value)| holds[usize::from(which)] = value);
            };
            match step {
                Move::Begin => {
                    let expected = if others { refused } else { Ok(()) };
                    prop_assert_eq!(bench.set(by, IN_PROGRESS), expected);
                    let (_, until, _) = held.get_or_insert((by, 0, BTreeMap::new()));
                    if !others {
                        *until = time + 60;
                    }
                }
                Move::Commit | Move::Complete => {
                    let is_end = matches!(step, Move::Complete);
                    let parameter = if is_end { COMPLETE } else { COMMIT };
                    let expected = if others { refused } else { Ok(()) };
                    prop_assert_eq!(bench.set(by, parameter), expected);
                    if owns && let Some((_, until, writes)) = &mut held {
                        *until = time + 60;
                        put(&mut holds, take(writes));
                        if is_end {
                            held = None;
                        }
                    }
                }
                Move::Write(which, value) => {
                    prop_assert_eq!(bench.set(by, write(which, value)), Ok(()));
                    match &mut held {
                        Some((_, until, writes)) if owns => {
                            *until = time + 60;
                            writes.insert(which, value);
                        }
                        _ => holds[usize::from(which)] = value,
                    }
                }
                Move::Leave => {
                    bench.lan.expire(bench.now, |id| Holder::Session(id) != by);
                    held.take_if(|(holder, ..)| *holder == by);
                }
                Move::Wait(seconds) => {
                    bench.now += Duration::from_secs(seconds);
                    time += seconds;
                }
            }
            held.take_if(|(_, until, _)| time >= *until);
            bench.keep();
            let kept = |which: u8| {
                let parameter = write(which, holds[usize::from(which)]);
                let value = bench.store.get(&key(&parameter)).cloned();
                value.is_none_or(|value| {
                    P::decode(parameter.selector(), &mut Reader::new(&value)) == Ok(parameter)
                })
            };
            prop_assert!((0..3).all(kept));
            for holder in [ALICE, BOB] {
                for which in 0..3u8 {
                    let mut expected = holds[usize::from(which)];
                    if let Some((own, _, writes)) = &held && *own == holder {
                        expected = writes.get(&which).copied().unwrap_or(expected);
                    }
                    let expected = write(which, expected);
                    prop_assert_eq!(bench.get(holder, expected.selector(), 0), Ok(expected));
                }
            }
        }
    }
}
