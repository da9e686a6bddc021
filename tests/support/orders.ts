/** A child process that does as it is told, one order after the other, until it has done the last. */
export function takeOrders<Order>(
  obey: (order: Order) => Promise<unknown>,
  isLast: (order: Order) => boolean,
): void {
  process.on('message', (order: Order) => {
    obey(order).then(
      (answer) =>
        process.send?.({ answer }, () => {
          if (isLast(order)) process.exit()
        }),
      (error: unknown) => process.send?.({ error: String(error) }),
    )
  })
  process.on('disconnect', () => process.exit(1))
}
