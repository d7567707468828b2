//! The boot order of a QEMU that runs: asked for, changed for one start, and put back.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::boot::{Bootable, PLACES, children, find, kind_of, promote, restore};
use super::qmp::QmpError;
use super::run::Run;
use super::shared::Shared;

/// A reset so soon after another one belongs to it: SeaBIOS makes one of its own at each start but the
/// first. For so long, too, the device that is to be started from stays in its place.
pub(super) const SETTLING: Duration = Duration::from_secs(3);

impl Run {
    /// Puts what the next start is to be from before everything else; what was, comes back later.
    pub(super) async fn set_boot_order(&mut self, shared: &Shared) -> Result<(), QmpError> {
        self.restore_boot_order().await?;
        let Some(first) = self.first.take() else { return Ok(()) };
        let devices = discover(self).await?;
        shared.set_devices(devices.iter().map(|device| device.kind).collect());
        let Some(target) = find(&devices, &first) else {
            tracing::warn!(
                ?first,
                "the machine has nothing of the kind: it starts as it is set up"
            );
            return Ok(());
        };
        if devices.iter().all(|device| device.index < 0) && has_flash(self).await? {
            tracing::warn!(
                "no device of the machine has a bootindex: firmware that keeps an order of its own \
                 (OVMF) starts from this one again until it is told otherwise"
            );
        }
        let set = promote(&devices, &target.path);
        for (path, index) in &set {
            match set_index(self, path, *index).await {
                Err(QmpError::Refused { why, .. }) => {
                    tracing::warn!(path, why, "QEMU does not start from what it is told to");
                }
                outcome => outcome?,
            }
        }
        tracing::info!(device = target.path, "the machine starts from this once");
        self.restore = Some((Instant::now() + SETTLING, restore(&devices, &set)));
        Ok(())
    }

    /// Puts back what was, if that is still to be done.
    pub(super) async fn restore_boot_order(&mut self) -> Result<(), QmpError> {
        let Some((_, back)) = self.restore.take() else { return Ok(()) };
        for (path, index) in &back {
            match set_index(self, path, *index).await {
                Err(QmpError::Refused { why, .. }) => {
                    tracing::warn!(path, why, "QEMU's boot order does not go back to what it was");
                }
                outcome => outcome?,
            }
        }
        Ok(())
    }
}

/// What firmware can start from, now.
async fn discover(run: &mut Run) -> Result<Vec<Bootable>, QmpError> {
    let mut devices = Vec::new();
    for place in PLACES {
        let listed = match run.execute("qom-list", json!({ "path": place })).await {
            Err(QmpError::Refused { .. }) => continue,
            listed => listed?,
        };
        for (path, type_name) in children(place, &listed) {
            let index = property(run, &path, "bootindex").await?;
            let Some(index) = index.as_ref().and_then(Value::as_i64) else { continue };
            let has_mac = property(run, &path, "mac").await?.is_some();
            devices.push(Bootable { path, kind: kind_of(&type_name, has_mac), index });
        }
    }
    Ok(devices)
}

/// Whether the machine's firmware has flash, and so a memory of its own, as OVMF's does.
async fn has_flash(run: &mut Run) -> Result<bool, QmpError> {
    let listed = run.execute("qom-list", json!({ "path": "/machine" })).await?;
    Ok(children("", &listed).iter().any(|(path, _)| path.ends_with(".flash0")))
}

/// A property of an object; `None` if it has no such thing.
async fn property(run: &mut Run, path: &str, name: &str) -> Result<Option<Value>, QmpError> {
    match run.execute("qom-get", json!({ "path": path, "property": name })).await {
        Err(QmpError::Refused { .. }) => Ok(None),
        value => value.map(Some),
    }
}

async fn set_index(run: &mut Run, path: &str, index: i64) -> Result<(), QmpError> {
    let set = json!({ "path": path, "property": "bootindex", "value": index });
    run.execute("qom-set", set).await.map(drop)
}
