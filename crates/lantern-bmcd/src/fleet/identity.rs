//! What tells the BMCs of a fleet apart. The same seed makes the same fleet, at every start.

use ipmi_wire::cmd::app::Guid;

use crate::platform::sim::splitmix;

/// The number that all of BMC `index` starts from: its machine's load and noise, its GUID.
pub(super) const fn seed(fleet: u64, index: u32) -> u64 {
    // Mixed twice, so that fleets with seeds next to each other have no machine in common.
    splitmix(splitmix(fleet) ^ index as u64)
}

/// A UUID (RFC 4122, version 4) that `seed` makes, in wire order.
pub(super) fn guid(seed: u64) -> Guid {
    let [high, low] = [1, 2].map(|nth| u128::from(splitmix(seed ^ nth)));
    Guid(crate::server::version_4(high << 64 | low))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn those_of_two_fleets_all_differ_and_come_again() {
        let mut guids = HashSet::new();
        for fleet in [0, 1] {
            guids.extend((0..50_000).map(|index| guid(seed(fleet, index)).0));
        }
        assert_eq!(guids.len(), 100_000);
        assert!(guids.contains(&guid(seed(1, 49_999)).0));
        // In text order, the reverse of the wire's: version and variant.
        assert!(guids.iter().all(|guid| guid[9] >> 4 == 4 && guid[7] >> 6 == 2));
    }
}
