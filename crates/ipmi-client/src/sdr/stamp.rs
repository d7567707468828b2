//! What a BMC says by which a change of its records shows.

use std::time::Duration;

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::app::DeviceId;
use ipmi_wire::cmd::sensor::{DeviceSdrCount, DeviceSdrInfo, GetDeviceSdrInfo};
use ipmi_wire::cmd::storage::{GetSdrRepositoryInfo, SdrRepositoryInfo};
use ipmi_wire::sel::Timestamp;

use crate::bmc::Bmc;
use crate::error::Error;

/// Everything by which a change of the records shows. If two stamps of a BMC differ, its records
/// may; if they are equal, it depends: see [`proves`](Self::proves).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Kind and firmware.
    pub(crate) device: DeviceId,
    pub(crate) population: Population,
}

/// What the BMC says of its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Population {
    /// Of its SDR repository.
    Repository(SdrRepositoryInfo),
    /// Of the records of its own device.
    Device(DeviceSdrInfo),
}

impl Stamp {
    /// Whether an equal stamp means equal records.
    ///
    /// A time is needed that a change would move. Seconds since the controller's start are none:
    /// they begin anew, and a BMC that builds its records at the start has the same few again.
    pub(crate) const fn proves(&self) -> bool {
        let time = match self.population {
            Population::Repository(info) => info.last_addition,
            Population::Device(DeviceSdrInfo { population_change: Some(change), .. }) => change,
            Population::Device(_) => return false,
        };
        matches!(Timestamp::new(time), Timestamp::Unix(_))
    }

    /// Whether nothing but the time of the last addition differs from `before`, and that by no more
    /// than has passed since: some BMCs call every second the last addition. One record in place
    /// of another moves the time of the last erasure too.
    pub(crate) fn is_later(&self, before: &Self, passed: Duration) -> bool {
        let mut same = *before;
        let times = match (&mut same.population, self.population) {
            (Population::Repository(a), Population::Repository(b)) => {
                (std::mem::replace(&mut a.last_addition, b.last_addition), b.last_addition)
            }
            (
                Population::Device(DeviceSdrInfo { population_change: Some(a), .. }),
                Population::Device(DeviceSdrInfo { population_change: Some(b), .. }),
            ) => (std::mem::replace(a, b), b),
            _ => return false,
        };
        // Whole seconds at both ends.
        let most = passed.as_secs().saturating_add(2);
        let moved = times.1.checked_sub(times.0);
        same == *self && moved.is_some_and(|seconds| u64::from(seconds) <= most)
    }
}

impl Bmc {
    /// What the BMC says of its records now: one exchange, two if Get Device ID was not asked in
    /// this session.
    pub(crate) async fn sdr_stamp(&self) -> Result<Stamp, Error> {
        let mut device = self.device_id().await?;
        // This comes and goes with the update itself.
        device.updating = false;
        let repository = device.additional_support & SDR_REPOSITORY != 0;
        let population = if !repository && device.provides_device_sdrs {
            match self.device_population().await {
                Ok(population) => population,
                Err(error) if error.completion().is_some() => self.repository_population().await?,
                Err(error) => return Err(error),
            }
        } else {
            self.population().await?
        };
        Ok(Stamp { device, population })
    }

    /// Of the repository, unless there is none, or nothing in it.
    async fn population(&self) -> Result<Population, Error> {
        let repository = self.repository_population().await;
        let doubtful = match &repository {
            Ok(Population::Repository(info)) => info.record_count == 0,
            Ok(Population::Device(_)) => false,
            Err(error) => matches!(
                error.completion(),
                Some(CompletionCode::INVALID_COMMAND | CompletionCode::INVALID_FOR_LUN)
            ),
        };
        if !doubtful {
            return repository;
        }
        match self.device_population().await {
            Ok(Population::Device(info)) if info.count > 0 => Ok(Population::Device(info)),
            Err(error) if error.completion().is_none() => Err(error),
            _ => repository,
        }
    }

    async fn repository_population(&self) -> Result<Population, Error> {
        let info = self.send_until_free(0, &GetSdrRepositoryInfo).await?;
        Ok(Population::Repository(info))
    }

    async fn device_population(&self) -> Result<Population, Error> {
        let records = GetDeviceSdrInfo { count: Some(DeviceSdrCount::Records) };
        match self.send_until_free(0, &records).await {
            // As in IPMI v1.0, which had no choice to make.
            Err(error) if error.completion() == Some(CompletionCode::DATA_LENGTH_INVALID) => {
                self.send_until_free(0, &GetDeviceSdrInfo { count: None }).await
            }
            outcome => outcome,
        }
        .map(Population::Device)
    }
}

/// Bit of [`DeviceId::additional_support`].
const SDR_REPOSITORY: u8 = 0x02;

#[cfg(test)]
mod tests {
    use ipmi_wire::Decode;

    use super::*;

    fn stamp(last_addition: u32) -> Stamp {
        // The short form of ipmi_sim's answer.
        let device = [0x00, 0x03, 0x09, 0x08, 0x02, 0x9f, 0x91, 0x12, 0x00, 0x02, 0x0f];
        let info = SdrRepositoryInfo {
            version: 0x51,
            record_count: 72,
            free_space: 0xffff,
            last_addition,
            last_erase: 0,
            operations: Default::default(),
        };
        let device = DeviceId::decode_exact(&device).unwrap();
        Stamp { device, population: Population::Repository(info) }
    }

    #[test]
    fn only_a_clock_that_was_set_proves_anything() {
        assert!(stamp(0x6000_0000).proves());
        for time in [0, 5, 0x2000_0000, u32::MAX] {
            assert!(!stamp(time).proves(), "{time:08x}");
        }
        let info = DeviceSdrInfo { count: 3, dynamic: false, luns: 1, population_change: None };
        let of_device = Stamp { population: Population::Device(info), ..stamp(0) };
        assert!(!of_device.proves());
    }

    #[test]
    fn a_clock_that_runs_is_no_change() {
        let passed = Duration::from_secs(3);
        assert!(stamp(17).is_later(&stamp(12), passed));
        assert!(!stamp(18).is_later(&stamp(12), passed), "longer ago than it was asked");
        assert!(!stamp(11).is_later(&stamp(12), passed));
        let mut erased = stamp(13);
        if let Population::Repository(info) = &mut erased.population {
            info.last_erase = 13;
        }
        assert!(!erased.is_later(&stamp(12), passed));
        let info = DeviceSdrInfo { count: 3, dynamic: true, luns: 1, population_change: Some(5) };
        let of_device = Stamp { population: Population::Device(info), ..stamp(0) };
        assert!(!of_device.is_later(&stamp(5), passed));
    }
}
