//! Whatever goes wrong while records are read, and whenever whoever asked goes away: the next one
//! who asks gets the right names.

use proptest::prelude::*;

use super::*;

/// What becomes of one request.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    None,
    Code(u8),
    Lost,
    /// Somebody changes the last record.
    Edit,
}

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        20 => Just(Trouble::None),
        4 => prop::sample::select(vec![0xc0, 0xc3, 0xc5, 0xd2, 0xd5, 0xff])
            .prop_map(Trouble::Code),
        1 => Just(Trouble::Lost),
        1 => Just(Trouble::Edit),
    ]
}

async fn turns(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_next_one_gets_the_right_names(
        troubles in prop::collection::vec(trouble(), 0..60),
        gone_after in prop::collection::vec(0..40usize, 0..3),
        most in prop::sample::select(vec![16, 32, 255]),
    ) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().unwrap().block_on(async {
            let directory = tempfile::TempDir::new().unwrap();
            let cache = Cache::at(directory.path().join("cache"));
            let machine = Machine::with_sdrs(many(6));
            machine.world().most = most;
            let mut troubles = troubles.into_iter();
            let mut edits = 0;
            machine.hook(move |world, request| match troubles.next()? {
                Trouble::None => None,
                Trouble::Code(refusal) => Some(Ok(code(refusal))),
                Trouble::Lost => {
                    world.session += 1;
                    Some(Err(lost(request)))
                }
                Trouble::Edit => {
                    edits += 1;
                    world.sdrs[5] = full_sensor(6, &format!("Edited {edits}"));
                    world.sdrs[5][0] = 6;
                    // As one record in place of another is bound to.
                    world.sdr_info.last_addition += 1;
                    world.sdr_info.last_erase += 1;
                    None
                }
            });
            let bmc = machine.bmc().with_cache(&cache);
            for turns_left in gone_after {
                tokio::select! {
                    biased;
                    _ = bmc.sdrs() => {}
                    () = turns(turns_left) => {}
                }
            }
            let _ = bmc.sdrs().await;
            machine.unhook();
            let right: Vec<String> = SdrSet::new(
                SdrSource::Repository,
                Ending::Complete,
                machine.world().sdrs.iter().map(|bytes| RawRecord { lun: 0, bytes: bytes.clone() }).collect(),
            )
            .sensors()
            .into_iter()
            .map(|sensor| sensor.name)
            .collect();
            for bmc in [bmc, machine.bmc().with_cache(&cache), machine.bmc()] {
                let set = bmc.sdrs().await.unwrap();
                // A list that only lacks its last record is believed for an hour.
                let names = names(&set);
                let cut = !set.ending().is_complete() && names.len() == 5;
                prop_assert_eq!(&names[..], if cut { &right[..5] } else { &right[..] });
            }
            Ok(())
        })?;
    }
}
