//! Each credential's own place in the period of its refreshes.

use slack_proto::{Slot, StoreKey};

/// Returns the phase of a credential, for [`Rotation::new`](slack_proto::rotation::Rotation::new): a number that depends on
/// its key and slot alone, so that it is the same in every process and after each restart.
///
/// [`InstallationStore`](crate::InstallationStore) reckons by it when an installation is due.
///
/// Phases are spread evenly over all numbers. So credentials that were issued in one minute are soon refreshed at times
/// of their own.
#[must_use]
pub fn phase(key: &StoreKey, slot: Slot) -> u32 {
    let slot = match slot {
        Slot::Bot => b'b',
        Slot::User => b'u',
        Slot::Configuration => b'c',
        _ => b'?',
    };
    // FNV-1a, and a finalizer that spreads its last bytes over the high bits.
    let text = key.to_text();
    let hash = text.bytes().chain([0, slot]).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    u32::try_from(hash >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use slack_proto::tokens::InstallationKey;

    use super::*;

    /// Every release must find a credential due at the same time: the numbers are fixed for good.
    #[test]
    fn phases_are_what_they_were() {
        let key = StoreKey::from(InstallationKey::Workspace("T1".into()));
        let slots = [Slot::Bot, Slot::User, Slot::Configuration, Slot::Unknown];
        assert_eq!(
            slots.map(|slot| phase(&key, slot)),
            [2_084_349_993, 1_988_669_184, 3_831_912_123, 1_519_932_692]
        );
    }
}
