extension Migration {
  /// Every migration, in the order in which they are applied. A test compares the list with the folder.
  public static let all: [Migration] = [
    Migration("roles/roles.sql", .role, PackageResources.roles_sql),

    Migration("m0001_log.sql", .numbered, PackageResources.m0001_log_sql),
    Migration("m0002_work.sql", .numbered, PackageResources.m0002_work_sql),
    Migration("m0003_followers.sql", .numbered, PackageResources.m0003_followers_sql),
    Migration("m0010_read_models.sql", .numbered, PackageResources.m0010_read_models_sql),
    Migration("m0011_beside_the_log.sql", .numbered, PackageResources.m0011_beside_the_log_sql),
    Migration("m0012_event_shapes.sql", .numbered, PackageResources.m0012_event_shapes_sql),

    Migration("functions/hashed_bytes.sql", .object, PackageResources.hashed_bytes_sql),
    Migration("functions/log_state.sql", .object, PackageResources.log_state_sql),
    Migration("functions/ended_between.sql", .object, PackageResources.ended_between_sql),
    Migration("functions/has_unsealed.sql", .object, PackageResources.has_unsealed_sql),
    Migration("functions/chain.sql", .object, PackageResources.chain_sql),
    Migration("functions/raise_epoch.sql", .object, PackageResources.raise_epoch_sql),
    Migration("functions/seal.sql", .object, PackageResources.seal_sql),
    Migration("functions/extend_log.sql", .object, PackageResources.extend_log_sql),
    Migration("functions/partitions_ahead.sql", .object, PackageResources.partitions_ahead_sql),
    Migration("functions/shape_error.sql", .object, PackageResources.shape_error_sql),
    Migration("functions/shaped.sql", .object, PackageResources.shaped_sql),
    Migration("functions/shorten_idle.sql", .object, PackageResources.shorten_idle_sql),
    Migration("functions/check_lease.sql", .object, PackageResources.check_lease_sql),
    Migration("functions/check_batch.sql", .object, PackageResources.check_batch_sql),
    Migration("functions/replayed.sql", .object, PackageResources.replayed_sql),
    Migration("functions/is_replay.sql", .object, PackageResources.is_replay_sql),
    Migration("functions/append_batch.sql", .object, PackageResources.append_batch_sql),
    Migration("functions/append.sql", .object, PackageResources.append_sql),
    Migration("functions/offer_work.sql", .object, PackageResources.offer_work_sql),
    Migration("functions/claim.sql", .object, PackageResources.claim_sql),
    Migration("functions/heartbeat.sql", .object, PackageResources.heartbeat_sql),
    Migration("functions/release.sql", .object, PackageResources.release_sql),
    Migration("functions/sweep_leases.sql", .object, PackageResources.sweep_leases_sql),
    Migration("functions/take_duty.sql", .object, PackageResources.take_duty_sql),
    Migration("functions/leave_duty.sql", .object, PackageResources.leave_duty_sql),
    Migration("functions/forget_stale_hash.sql", .object, PackageResources.forget_stale_hash_sql),

    Migration("views/event.sql", .object, PackageResources.event_sql),
    Migration("views/head.sql", .object, PackageResources.head_sql),
    Migration("functions/verify.sql", .object, PackageResources.verify_sql),
    Migration("functions/causes.sql", .object, PackageResources.causes_sql),
    Migration("functions/as_of.sql", .object, PackageResources.as_of_sql),
    Migration("functions/position_at.sql", .object, PackageResources.position_at_sql),

    Migration("roles/grants.sql", .always, PackageResources.grants_sql),
  ]
}
