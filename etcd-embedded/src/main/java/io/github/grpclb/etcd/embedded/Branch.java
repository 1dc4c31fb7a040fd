package io.github.grpclb.etcd.embedded;

import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The side of a transaction that its conditions chose. All conditions are looked at before anything is written,
 * those of nested transactions too.
 *
 * @param succeeded whether the conditions hold
 * @param operations what is to be done
 * @param nested the branches of those operations that are transactions, in their order
 */
record Branch(boolean succeeded, List<RequestOp> operations, List<Branch> nested) {

    static Branch choose(TxnRequest request, MvccStore store) {
        boolean succeeded = request.getCompareList().stream().allMatch(compare -> new Comparison(compare).holds(store));
        List<RequestOp> operations = succeeded ? request.getSuccessList() : request.getFailureList();
        List<Branch> nested = operations.stream()
                .filter(RequestOp::hasRequestTxn)
                .map(operation -> choose(operation.getRequestTxn(), store))
                .toList();
        return new Branch(succeeded, operations, nested);
    }

    /** Calls the action for each wanted operation, nested ones where they stand. */
    void forEach(Predicate<RequestOp> wanted, Consumer<RequestOp> action) {
        Iterator<Branch> next = nested.iterator();
        for (RequestOp operation : operations) {
            if (operation.hasRequestTxn()) {
                next.next().forEach(wanted, action);
            } else if (wanted.test(operation)) {
                action.accept(operation);
            }
        }
    }
}
