//! A store whose driver needs a runtime is tried by the suite for stores under that runtime.

#[path = "common/around.rs"]
mod around;

use std::{collections::HashMap, sync::Mutex, time::Duration};

use async_trait::async_trait;
use slack_auth::store::{MemoryStore, StoreError, conformance::Suite};

use crate::around::{Around, Call, Hooks};

/// A store that needs Tokio's clock is tried under Tokio, as it is: in one task, and on threads.
#[test]
fn a_store_under_a_runtime_is_tried_in_it() {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_time().build().unwrap();
    let names = ["large-value", "together-create", "together-remove"];
    let suite = || {
        let places = Mutex::new(HashMap::<String, MemoryStore>::new());
        Suite::new(move |place| {
            let inner = places.lock().unwrap().entry(place.name).or_default().clone();
            async move { Ok(Around { inner, hooks: Slow }) }
        })
    };
    runtime.block_on(async { suite().run_only(&names).await.assert_passed() });
    let handle = runtime.handle().clone();
    let on_threads = suite().on_threads(move |future| handle.block_on(future));
    runtime.block_on(async {
        tokio::task::block_in_place(|| pollster::block_on(on_threads.run_only(&names)))
            .assert_passed();
    });
}

#[derive(Clone, Default)]
struct Slow;

#[async_trait]
impl Hooks for Slow {
    async fn before(&self, _: Call) -> Result<(), StoreError> {
        tokio::time::sleep(Duration::from_micros(10)).await;
        Ok(())
    }
}
