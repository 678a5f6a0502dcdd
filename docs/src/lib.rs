//! The guide to `slack-auth`. The pages are Markdown files, to be read in the repository; here their programs are compiled.

#![expect(clippy::doc_markdown, reason = "names of products in prose, such as slack_sdk")]

#[doc = include_str!("../README.md")]
pub mod guide {}

#[doc = include_str!("../tutorial.md")]
pub mod tutorial {}

/// One page for each task.
pub mod how_to {
    #[doc = include_str!("../how-to/axum.md")]
    pub mod axum {}
    #[doc = include_str!("../how-to/choose.md")]
    pub mod choose {}
    #[doc = include_str!("../how-to/configuration-tokens.md")]
    pub mod configuration_tokens {}
    #[doc = include_str!("../how-to/events.md")]
    pub mod events {}
    #[doc = include_str!("../how-to/incident.md")]
    pub mod incident {}
    #[doc = include_str!("../how-to/move-in.md")]
    pub mod move_in {}
    #[doc = include_str!("../how-to/operate.md")]
    pub mod operate {}
    #[doc = include_str!("../how-to/replicas.md")]
    pub mod replicas {}
    #[doc = include_str!("../how-to/sign-in.md")]
    pub mod sign_in {}
    #[doc = include_str!("../how-to/test.md")]
    pub mod test {}
    #[doc = include_str!("../how-to/your-own.md")]
    pub mod your_own {}
}

/// Why things are as they are, and where that ends.
pub mod explanation {
    #[doc = include_str!("../explanation/errors-keep-nothing.md")]
    pub mod errors_keep_nothing {}
    #[doc = include_str!("../explanation/leases.md")]
    pub mod leases {}
    #[doc = include_str!("../explanation/sans-io.md")]
    pub mod sans_io {}
    #[doc = include_str!("../explanation/store-first.md")]
    pub mod store_first {}
    #[doc = include_str!("../explanation/unconfirmed.md")]
    pub mod unconfirmed {}
}

#[doc = include_str!("../errors.md")]
pub mod errors {}

#[doc = include_str!("../compare.md")]
pub mod compare {}
