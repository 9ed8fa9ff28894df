package io.restripe.lab.guest;

import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs the contract of an array's control over the kernel's arrays and tells each test's end in a line. */
final class Contract {
    private static final String TESTS = "io.restripe.array.kernel.KernelArrayControlInGuest";

    private Contract() {}

    static void run() {
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(DiscoverySelectors.selectClass(TESTS))
                .build();
        LauncherFactory.create().execute(request, new TestExecutionListener() {
            @Override
            public void executionStarted(TestIdentifier test) {
                System.out.println("begins " + test.getDisplayName());
            }

            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                if (test.isTest() || result.getThrowable().isPresent()) {
                    String what = result.getThrowable()
                            .map(t -> " " + t.toString().replace("\n", " "))
                            .orElse("");
                    System.out.println(result.getStatus() + " " + test.getDisplayName() + what);
                }
            }
        });
    }
}
